"""What a reader of output sees when a process behind it dies: a pause at the most, never a missing or second line."""

import contextlib
import itertools
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
import redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from controlplane.core.models import OutputStream, User
from controlplane.core.services import output
from controlplane.lib import live
from tests import factories
from tests.redis_fixture import OwnRedis
from tests.sandbox_fixture import eventually
from tests.server_fixture import launch_web, next_message, session_cookie, start_web

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def own_redis(own_redis: OwnRedis, settings: Any) -> OwnRedis:
    """The tests' own process rings through it, too."""
    layer = settings.SLIPWAY_REAL_CHANNEL_LAYERS["default"]
    hosts = [{"address": own_redis.url, "socket_timeout": None}]
    settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {"hosts": hosts}}}
    return own_redis


@pytest.fixture
def stream() -> OutputStream:
    return output.open_stream(factories.system(), ("run", uuid4()), "terraform")


@pytest.fixture
def viewer(stream: OutputStream) -> User:
    return factories.member(stream.system, "viewer")


def lines_of(socket: ClientConnection, seconds: float = 10) -> list[tuple[int, str]]:
    """The lines of the next message."""
    message = next_message(socket, seconds)
    return [(message["first"] + index, text) for index, (_, text) in enumerate(message["lines"])]


def gather(socket: ClientConnection, count: int) -> list[tuple[int, str]]:
    """The lines of the next messages, at least `count`."""
    lines: list[tuple[int, str]] = []
    while len(lines) < count:
        lines += lines_of(socket)
    return lines


@contextmanager
def endless_writer(stream: OutputStream) -> Iterator[None]:
    """Some 200 numbered lines a second, until the block ends."""
    stop = threading.Event()

    def write() -> None:
        writer = output.OutputWriter(stream)
        for number in itertools.count(1):
            writer.line(f"line {number}")
            if stop.wait(0.005):
                break
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


def rings(server: OwnRedis, stream: OutputStream) -> bool:
    """Whether the reader of the stream hears this server's bell."""
    return redis.Redis.from_url(server.url).zcard(f"asgi:group:{live.group_of(output.topic_of(stream.pk))}") == 1


def test_a_web_server_killed_in_the_middle_costs_a_pause(
    own_redis: OwnRedis, stream: OutputStream, viewer: User
) -> None:
    cookie = session_cookie(viewer)
    web = launch_web(REDIS_URL=own_redis.url)
    try:
        with endless_writer(stream):
            with web.socket(f"/ws/output/{stream.pk}", cookie=cookie) as socket:
                lines = gather(socket, 100)
                web.stop(signal.SIGKILL)
                with contextlib.suppress(ConnectionClosed):
                    while True:
                        lines += lines_of(socket)
            web = launch_web(web.port, REDIS_URL=own_redis.url)
            with web.socket(f"/ws/output/{stream.pk}?after={len(lines)}", cookie=cookie) as socket:
                lines += gather(socket, 200)
    finally:
        web.stop(signal.SIGKILL)
    assert lines == [(number, f"line {number}") for number in range(1, len(lines) + 1)]


def test_lines_arrive_without_redis_and_a_later_redis_rings_again(
    own_redis: OwnRedis, stream: OutputStream, viewer: User
) -> None:
    cookie = session_cookie(viewer)
    address = f"/ws/output/{stream.pk}"
    with (
        start_web(REDIS_URL=own_redis.url) as web,
        endless_writer(stream),
        web.socket(address, cookie=cookie) as socket,
    ):
        lines = gather(socket, 50)
        own_redis.kill()
        lines += gather(socket, 300)
        with web.socket(address, cookie=cookie) as late:
            assert lines_of(late)[0] == (1, "line 1"), "a page that is opened meanwhile works as well"
        own_redis.start()
        eventually(lambda: rings(own_redis, stream), seconds=15, why="the reader listens to the new Redis")
        lines += gather(socket, 200)
    assert lines == [(number, f"line {number}") for number in range(1, len(lines) + 1)]


def test_a_redis_that_hangs_holds_up_neither_writer_nor_readers(
    own_redis: OwnRedis, stream: OutputStream, viewer: User
) -> None:
    with (
        start_web(REDIS_URL=own_redis.url) as web,
        web.socket(f"/ws/output/{stream.pk}", cookie=session_cookie(viewer)) as socket,
    ):
        eventually(lambda: rings(own_redis, stream), why="the reader listens")
        own_redis.process.send_signal(signal.SIGSTOP)
        with endless_writer(stream):
            lines = gather(socket, 400)
    assert lines == [(number, f"line {number}") for number in range(1, len(lines) + 1)]
