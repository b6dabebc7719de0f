"""A reset leaves nothing behind that later runs could tell: the same seed then gives the same again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import urllib3

from sandbox.behaviours import Behaviour
from sandbox.clock import Clock
from sandbox.containers import ContainerSpec
from sandbox.ecs.engine import Engine
from sandbox.notifications.delivery import Outbox
from sandbox.ports import free_port
from sandbox.proxy.counts import Route
from tests.sandbox_fixture import eventually
from tests.sandbox_subscriber import subscriber

FLAKY = Behaviour(error_share=0.5)


@pytest.fixture
def engine() -> Iterator[Engine]:
    """One that does not tick by itself."""
    engine = Engine(Clock(), 0, lambda: None)
    engine._loop.start()
    yield engine
    for runtime_id in engine.containers.ids():
        engine.containers.stop(runtime_id)
    engine._loop.stop()


def statuses(engine: Engine, name: str) -> list[int]:
    """What a new container of the same image answers to 20 requests."""
    spec = ContainerSpec(name, {80: (("10.0.0.1", 80),)}, FLAKY, lambda line: None, {"service": "shop"}, 0.0)
    engine.containers.start(spec)
    port = engine.containers.local_port("10.0.0.1", 80)
    return [urllib3.request("GET", f"http://127.0.0.1:{port}/", retries=False).status for _ in range(20)]


def test_chance_begins_again_and_nothing_is_counted_any_more(engine: Engine) -> None:
    first, second = statuses(engine, "one"), statuses(engine, "two")
    assert first != second
    engine.listeners.counts.refused(Route("lb", "listener"), 503)
    engine.forget()
    assert engine.containers.ids() == set()
    assert engine.containers.take_served() == {}
    assert engine.listeners.counts.drain() == {}
    assert statuses(engine, "three") == first


def test_messages_that_wait_for_delivery_are_forgotten() -> None:
    outbox, nobody = Outbox(Clock(0.001)), f"http://127.0.0.1:{free_port()}/"  # a pause lasts 1,000 s

    def post(endpoint: str, text: str) -> None:
        message = {"Type": "Notification", "MessageId": text, "TopicArn": "arn:topic", "Message": text}
        outbox.post(endpoint, message, None)

    with subscriber() as listening:
        for number in range(4):  # as many as there are workers
            post(nobody, f"nobody {number}")
        post(listening.url, "before")
        outbox.forget()
        post(listening.url, "after")
        found = eventually(lambda: listening.messages("Notification"), why="the message after the reset")
    outbox.stop()
    assert [each["Message"] for each in found] == ["after"]
