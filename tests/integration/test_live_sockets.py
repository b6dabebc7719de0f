"""Doorbells on the wire: who watches a topic hears that something changed, and nobody else hears anything."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from controlplane.core.models import Membership, User
from controlplane.lib import live
from environments_app.models import Environment
from tests import factories
from tests.server_fixture import WebProcess, next_message, session_cookie, start_web

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def web(django_db_setup: None, redis_server: str) -> Iterator[WebProcess]:
    with start_web() as process:
        yield process


@pytest.fixture(autouse=True)
def real_doorbell(settings: Any, redis_server: str) -> None:
    """What this process rings is heard in the web process."""
    settings.CHANNEL_LAYERS = settings.SLIPWAY_REAL_CHANNEL_LAYERS


@pytest.fixture
def environment() -> Environment:
    return factories.environment()


@pytest.fixture
def viewer(environment: Environment) -> User:
    return factories.member(environment.system, "viewer")


def watch(web: WebProcess, user: User | None, *topics: str) -> ClientConnection:
    query = "&".join(f"topic={topic}" for topic in topics)
    return web.socket(f"/ws/live?{query}", cookie=session_cookie(user) if user else "")


def heard_when_rung(socket: ClientConnection, topic: str, what: str) -> dict[str, str]:
    """Rings until the socket, which may just be joining, hears it."""
    for _ in range(50):
        live.ring(topic, what)
        try:
            return next_message(socket, 0.2)
        except TimeoutError:
            continue
    raise AssertionError(f"nothing was heard of {topic}")


def close_code(socket: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        next_message(socket)
    assert closed.value.rcvd
    return closed.value.rcvd.code


def test_a_watcher_hears_its_topics_and_no_others(web: WebProcess, environment: Environment, viewer: User) -> None:
    other = factories.environment()
    topic = f"environment:{environment.pk}"
    with watch(web, viewer, topic, "fleet") as socket:
        assert heard_when_rung(socket, topic, "lock") == {"topic": topic, "what": "lock"}
        assert heard_when_rung(socket, "fleet", "run")["topic"] == "fleet"
        live.ring(f"environment:{other.pk}", "lock")
        live.ring("fleet", "last")
        rest: list[dict[str, str]] = []
        while not rest or rest[-1]["what"] != "last":
            rest.append(next_message(socket))
        assert {message["topic"] for message in rest} == {"fleet"}


def test_a_change_is_told_when_it_is_committed_and_not_before(
    web: WebProcess, environment: Environment, viewer: User
) -> None:
    topic = f"environment:{environment.pk}"
    with watch(web, viewer, topic) as socket:
        heard_when_rung(socket, topic, "ready")
        with transaction.atomic():
            live.ring_on_commit(topic, "committed")
            with pytest.raises(TimeoutError):
                next_message(socket, 0.3)
        assert next_message(socket) == {"topic": topic, "what": "committed"}


def test_a_run_that_is_asked_for_rings_for_itself_and_its_environment(
    web: WebProcess, environment: Environment, viewer: User
) -> None:
    topic = f"environment:{environment.pk}"
    developer = factories.member(environment.system, "developer")
    with watch(web, viewer, topic) as socket:
        heard_when_rung(socket, topic, "ready")
        run = factories.run(environment, developer)
        assert next_message(socket) == {"topic": topic, "what": "queued"}
        with watch(web, viewer, f"run:{run.pk}") as of_run:
            assert heard_when_rung(of_run, f"run:{run.pk}", "planning")["what"] == "planning"


def test_who_may_not_listen_is_told_why(web: WebProcess, environment: Environment, viewer: User) -> None:
    topic, stranger = f"environment:{environment.pk}", factories.member(factories.system(), "admin")
    cases: list[tuple[str, User | None, list[str], int]] = [
        ("nobody", None, [topic], 4401),
        ("no role there", stranger, [topic], 4403),
        ("one of two topics", stranger, ["fleet", topic], 4403),
        ("unknown kind", viewer, ["nonsense:1"], 4404),
        ("no such environment", viewer, [f"environment:{uuid4()}"], 4404),
        ("not an id", viewer, ["environment:1"], 4404),
        ("no topic", viewer, [], 4400),
        ("too many topics", viewer, [topic] * 51, 4400),
    ]
    for case, user, topics, code in cases:
        with watch(web, user, *topics) as socket:
            assert close_code(socket) == code, case


def test_a_lost_role_ends_the_listening_within_ten_seconds(
    web: WebProcess, environment: Environment, viewer: User
) -> None:
    topic = f"environment:{environment.pk}"
    with watch(web, viewer, topic) as socket:
        heard_when_rung(socket, topic, "ready")
        Membership.objects.filter(user=viewer).delete()
        assert close_code(socket) == 4403
