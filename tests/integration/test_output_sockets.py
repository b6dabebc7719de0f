"""Output on the wire: every line once and in order, for whoever joins whenever; and nothing for who may not see it."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.contrib.sessions.models import Session
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from controlplane.core.models import Membership, OutputStream, User
from controlplane.core.services import output
from tests import factories
from tests.sandbox_fixture import eventually
from tests.server_fixture import WebProcess, next_message, session_cookie, start_web

pytestmark = pytest.mark.django_db(transaction=True)
Numbered = list[tuple[int, str]]
LONG = 512
"""Characters of a line that is to fill buffers."""


@pytest.fixture(scope="module")
def web(django_db_setup: None, redis_server: str) -> Iterator[WebProcess]:
    with start_web() as process:
        yield process


@pytest.fixture(autouse=True)
def real_doorbell(settings: Any, redis_server: str) -> None:
    """What this process writes rings in the web process."""
    settings.CHANNEL_LAYERS = settings.SLIPWAY_REAL_CHANNEL_LAYERS


@pytest.fixture
def stream() -> OutputStream:
    return output.open_stream(factories.system(), ("run", uuid4()), "terraform")


@pytest.fixture
def viewer(stream: OutputStream) -> User:
    return factories.member(stream.system, "viewer")


def address(stream: OutputStream, after: int | str | None = None) -> str:
    return f"/ws/output/{stream.pk}" + ("" if after is None else f"?after={after}")


def write(stream: OutputStream, first: int, last: int) -> None:
    writer = output.OutputWriter(stream)
    writer.feed("".join(f"line {number}\n" for number in range(first, last + 1)))
    writer.close()


def numbered(first: int, last: int) -> Numbered:
    return [(number, f"line {number}") for number in range(first, last + 1)]


def received(socket: ClientConnection, until: int | None = None) -> Numbered:
    """The lines that come, up to number `until` or else to the word that the stream is closed."""
    lines: Numbered = []
    while until is None or not lines or lines[-1][0] < until:
        message = next_message(socket, 15)
        if message == {"closed": True}:
            assert until is None, "closed before the last line"
            break
        lines += [(message["first"] + index, text) for index, (_, text) in enumerate(message["lines"])]
    return lines


def close_code(socket: ClientConnection, seconds: float = 10) -> int:
    """The code with which the server closes the socket."""
    with pytest.raises(ConnectionClosed) as closed:
        next_message(socket, seconds)
    assert closed.value.rcvd
    return closed.value.rcvd.code


def test_everyone_gets_every_line_once_and_in_order_whenever_they_join(
    web: WebProcess, stream: OutputStream, viewer: User
) -> None:
    cookie = session_cookie(viewer)
    with web.socket(address(stream), cookie=cookie) as early:
        write(stream, 1, 300)
        assert received(early, 300) == numbered(1, 300)
        with web.socket(address(stream), cookie=cookie) as late:
            write(stream, 301, 500)
            output.close_stream(stream.pk)
            assert received(late) == numbered(1, 500)
        assert received(early) == numbered(301, 500)
    with web.socket(address(stream), cookie=cookie) as last:
        assert received(last) == numbered(1, 500)


@pytest.mark.parametrize("after", [0, 1, 137, 299, 300])
def test_a_reader_continues_after_the_last_line_it_has(
    web: WebProcess, stream: OutputStream, viewer: User, after: int
) -> None:
    write(stream, 1, 150)
    write(stream, 151, 300)
    with web.socket(address(stream, after), cookie=session_cookie(viewer)) as socket:
        write(stream, 301, 320)
        output.close_stream(stream.pk)
        assert received(socket) == numbered(after + 1, 320)


def test_reconnecting_again_and_again_misses_and_repeats_nothing(
    web: WebProcess, stream: OutputStream, viewer: User
) -> None:
    cookie, total = session_cookie(viewer), 2000
    writer = threading.Thread(target=_write_in_pieces, args=(stream, total))
    writer.start()
    lines: Numbered = []
    while not lines or lines[-1][0] < total:
        after = lines[-1][0] if lines else 0
        with web.socket(address(stream, after), cookie=cookie) as socket:
            lines += received(socket, min(after + 150, total))
    writer.join()
    assert lines == numbered(1, total)


def _write_in_pieces(stream: OutputStream, total: int) -> None:
    """Some dozens of chunks, each of which a reader may already have when the next is made."""
    for first in range(1, total, 50):
        write(stream, first, first + 49)


def test_an_old_log_is_the_same_after_it_was_compacted(web: WebProcess, stream: OutputStream, viewer: User) -> None:
    _write_in_pieces(stream, 1000)
    output.close_stream(stream.pk)
    with web.socket(address(stream), cookie=session_cookie(viewer)) as socket:
        before = received(socket)
        output.compact(stream.pk)
        with web.socket(address(stream, 420), cookie=session_cookie(viewer)) as again:
            assert received(again) == before[420:]
    assert before == numbered(1, 1000)


def test_a_slow_reader_is_held_back_and_not_cut_short(web: WebProcess, stream: OutputStream, viewer: User) -> None:
    cookie, total = session_cookie(viewer), 30_000
    fill = "".join(uuid4().hex for _ in range(LONG // 32))
    with web.socket(address(stream), cookie=cookie) as slow, web.socket(address(stream), cookie=cookie) as quick:
        writer = threading.Thread(target=_write_long, args=(stream, total, fill))
        writer.start()
        assert [number for number, _ in received(quick)] == list(range(1, total + 1))
        writer.join()
        assert received(slow) == [(number, f"{number} {fill}") for number in range(1, total + 1)]


def _write_long(stream: OutputStream, total: int, fill: str) -> None:
    writer = output.OutputWriter(stream)
    for number in range(1, total + 1):
        writer.line(f"{number} {fill}")
    writer.close()
    output.close_stream(stream.pk)


def test_a_stream_that_is_opened_again_goes_on_in_the_same_socket(
    web: WebProcess, stream: OutputStream, viewer: User
) -> None:
    write(stream, 1, 10)
    output.close_stream(stream.pk)
    with web.socket(address(stream), cookie=session_cookie(viewer)) as socket:
        assert received(socket) == numbered(1, 10)
        output.open_stream(stream.system, (stream.subject_kind, stream.subject_id), stream.name)
        write(stream, 11, 20)
        output.close_stream(stream.pk)
        assert received(socket) == numbered(11, 20)


def test_a_deleted_stream_is_said_to_be_closed(web: WebProcess, stream: OutputStream, viewer: User) -> None:
    with web.socket(address(stream), cookie=session_cookie(viewer)) as socket:
        write(stream, 1, 5)
        assert received(socket, 5) == numbered(1, 5)
        OutputStream.objects.filter(pk=stream.pk).delete()
        assert received(socket) == []


def test_a_page_of_another_site_is_refused(web: WebProcess, stream: OutputStream, viewer: User) -> None:
    others = [f"http://127.0.0.1:{web.port + 1}", "http://127.0.0.1", f"https://127.0.0.1:{web.port}"]
    for origin in ("https://evil.example", "null", f"http://localhost:{web.port}", *others):
        with pytest.raises(InvalidStatus) as refused:
            web.socket(address(stream), cookie=session_cookie(viewer), origin=origin)
        assert refused.value.response.status_code == 403


def test_who_may_not_watch_is_told_why_by_the_close_code(web: WebProcess, stream: OutputStream, viewer: User) -> None:
    write(stream, 1, 3)
    stranger = factories.member(factories.system(), "admin")
    inactive = factories.member(stream.system, "admin")
    inactive_cookie = session_cookie(inactive)
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    cases = [
        ("nobody", address(stream), "", 4401),
        ("an invented session", address(stream), "sessionid=invented", 4401),
        ("inactive", address(stream), inactive_cookie, 4401),
        ("no role here", address(stream), session_cookie(stranger), 4403),
        ("unknown stream", f"/ws/output/{uuid4()}", session_cookie(viewer), 4404),
        *((f"after={bad}", address(stream, bad), session_cookie(viewer), 4400) for bad in ("x", "-1", "1.5", "9" * 40)),
    ]
    for case, path, cookie, code in cases:
        with web.socket(path, cookie=cookie) as socket:
            assert close_code(socket) == code, case


def test_a_log_out_and_a_lost_role_close_the_socket_within_ten_seconds(
    web: WebProcess, stream: OutputStream, viewer: User
) -> None:
    other = factories.member(stream.system, "operator")
    with (
        web.socket(address(stream), cookie=session_cookie(viewer)) as signed_out,
        web.socket(address(stream), cookie=session_cookie(other)) as without_role,
    ):
        write(stream, 1, 3)
        assert received(signed_out, 3) == received(without_role, 3) == numbered(1, 3)
        for session in Session.objects.all():
            if session.get_decoded()["_auth_user_id"] == str(viewer.pk):
                session.delete()
        Membership.objects.filter(user=other).delete()
        assert close_code(signed_out, 10) == 4401
        assert close_code(without_role, 10) == 4403


def test_readers_leave_nothing_in_redis_when_they_go(
    web: WebProcess, stream: OutputStream, viewer: User, redis_server: str
) -> None:
    server = redis.Redis.from_url(redis_server)
    key = f"asgi:group:live.output.{stream.pk}"
    with web.socket(address(stream), cookie=session_cookie(viewer)):
        eventually(lambda: server.zcard(key) == 1, seconds=5, why="the reader listens")
    eventually(lambda: server.zcard(key) == 0, seconds=5, why="the reader has left its group")
