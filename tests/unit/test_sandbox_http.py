"""The sandbox's HTTP/1.1: streams, keep-alive, HEAD, chunks, 100-continue, upgrades; over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from sandbox.http import BodyStream, HttpRequest, HttpResponse, whole
from sandbox.http_client import HttpClient, send_once
from sandbox.http_server import Handler, HttpServer

TIMEOUT = 5.0
Listen = Callable[[Handler], Awaitable[int]]


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    servers: list[HttpServer] = []

    async def start(handler: Handler) -> int:
        servers.append(await HttpServer.listen(handler))
        return servers[-1].port

    yield start
    for server in servers:
        server.close()


async def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(200, await whole(request.body), [("x-method", request.method)])


async def raw(port: int, sent: bytes, *, until: bytes = b"") -> bytes:
    """What a server says to these bytes, until it closes (or until it said `until`)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(TIMEOUT):
        answer = await (reader.readuntil(until) if until else reader.read())
    writer.close()
    return answer


def get(target: str = "/", method: str = "GET", **headers: str) -> HttpRequest:
    return HttpRequest(method, target, [("host", "test"), *headers.items()])


async def test_a_body_passes_both_ways_whole_and_in_chunks(listen: Listen) -> None:
    port = await listen(echo)
    answer = await send_once(port, HttpRequest("POST", "/", [("host", "x")], b"hello"), TIMEOUT)
    assert (answer.status, answer.body) == (200, b"hello")
    chunked = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    assert (await raw(port, chunked + b"3\r\nabc\r\n4\r\ndefg\r\n0\r\nx-trailer: 1\r\n\r\n")).endswith(
        b"\r\n\r\nabcdefg"
    )


async def test_a_connection_is_used_again(listen: Listen) -> None:
    connections: list[int] = []
    port = await listen(echo)
    client = HttpClient()
    for _ in range(5):
        answer = await client.send(port, get(), TIMEOUT)
        await whole(answer.body)
        connections.append(sum(map(len, client._idle.values())))
        await asyncio.sleep(0)
    assert max(connections) <= 1


async def test_a_large_body_is_held_up_until_somebody_reads(listen: Listen) -> None:
    """A server that sends faster than its client reads must not fill the memory: what waits stays small."""
    total, piece = 20_000_000, b"x" * 50_000
    stream = BodyStream()
    produced = 0

    async def produce() -> None:
        nonlocal produced
        while produced < total:
            stream.feed(piece)
            produced += len(piece)
            await asyncio.sleep(0)
        stream.end()

    async def endless(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, stream, [("content-length", str(total))])

    port = await listen(endless)
    client = HttpClient()
    answer = await client.send(port, get(), TIMEOUT)
    producer = asyncio.ensure_future(produce())
    assert isinstance(answer.body, BodyStream)
    await producer
    assert len(answer.body.take()) < 2_000_000
    received = sum([len(part) async for part in answer.body])
    assert received > total - 2_000_000


async def test_head_has_the_length_and_no_body_and_the_connection_lives_on(listen: Listen) -> None:
    async def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, b"12345")

    port = await listen(page)
    client = HttpClient()
    answer = await client.send(port, get(method="HEAD"), TIMEOUT)
    assert (answer.header("content-length"), await whole(answer.body)) == ("5", b"")
    again = await client.send(port, get(), TIMEOUT)
    assert await whole(again.body) == b"12345"


async def test_who_expects_100_continue_gets_it(listen: Listen) -> None:
    port = await listen(echo)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n")
    async with asyncio.timeout(TIMEOUT):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ok")
        assert (await reader.read()).endswith(b"\r\n\r\nok")
    writer.close()


async def test_a_body_that_nobody_reads_does_not_cost_the_answer(listen: Listen) -> None:
    async def refuse(request: HttpRequest) -> HttpResponse:
        return HttpResponse(413, b"too large")

    port = await listen(refuse)
    client = HttpClient()
    for _ in range(2):
        answer = await client.send(port, HttpRequest("POST", "/", [("host", "x")], b"x" * 3_000_000), TIMEOUT)
        assert (answer.status, await whole(answer.body)) == (413, b"too large")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",  # no host
        b"NONSENSE\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx-long: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_400(listen: Listen, sent: bytes) -> None:
    answer = await raw(await listen(echo), sent)
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_requests_in_one_packet_are_answered_in_order(listen: Listen) -> None:
    async def slow_first(request: HttpRequest) -> HttpResponse:
        if request.target == "/1":
            await asyncio.sleep(0.05)
        return HttpResponse(200, request.target.encode())

    one, two = (
        b"GET /%d HTTP/1.1\r\nhost: x\r\n%b\r\n" % (n, end) for n, end in ((1, b""), (2, b"connection: close\r\n"))
    )
    answer = await raw(await listen(slow_first), one + two)
    assert answer.index(b"/1") < answer.index(b"/2")


async def test_an_answer_without_a_length_ends_with_its_connection(listen: Listen) -> None:
    async def old_fashioned(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
        writer.close()

    server = await asyncio.start_server(old_fashioned, "127.0.0.1", 0)
    async with server:
        answer = await send_once(server.sockets[0].getsockname()[1], get(), TIMEOUT)
    assert answer.body == b"until the end"


async def test_an_answer_that_breaks_off_is_an_error_not_a_short_answer() -> None:
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        writer.close()

    server = await asyncio.start_server(broken, "127.0.0.1", 0)
    async with server:
        with pytest.raises(ConnectionError):
            await send_once(server.sockets[0].getsockname()[1], get(), TIMEOUT)


async def test_interim_answers_are_passed_over() -> None:
    async def hints(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    server = await asyncio.start_server(hints, "127.0.0.1", 0)
    async with server:
        answer = await send_once(server.sockets[0].getsockname()[1], get(), TIMEOUT)
    assert (answer.status, answer.body, answer.header("link")) == (200, b"ok", None)


async def test_a_kept_connection_that_was_closed_is_no_failure_for_a_request_that_may_be_repeated() -> None:
    served = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        served += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()  # as if it had closed the idle connection just when the request came

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = HttpClient()
        for _ in range(3):
            answer = await client.send(port, get(), TIMEOUT)
            assert await whole(answer.body) == b"ok"
            await asyncio.sleep(0)
        with pytest.raises(ConnectionError):
            await client.send(port, get(method="POST"), TIMEOUT)
    assert served == 3


async def test_an_orderly_end_lets_requests_finish_and_a_kill_does_not(listen: Listen) -> None:
    arrived, may_go = asyncio.Event(), asyncio.Event()

    async def slow(request: HttpRequest) -> HttpResponse:
        arrived.set()
        await may_go.wait()
        return HttpResponse(200, b"done")

    for kill in (False, True):
        arrived.clear()
        may_go.clear()
        server = await HttpServer.listen(slow)
        asking = asyncio.ensure_future(send_once(server.port, get(), TIMEOUT))
        await arrived.wait()
        if kill:
            server.close()
            with pytest.raises(ConnectionError):
                await asking
        else:
            server.finish()
            may_go.set()
            assert (await asking).body == b"done"
        with pytest.raises(OSError, match=r".*"):
            await send_once(server.port, get(), TIMEOUT)


async def test_a_request_that_names_its_server_whole_is_taken(listen: Listen) -> None:
    async def path(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, request.target.encode())

    port = await listen(path)
    for target, expected in (("http://x/a/b?c=d", b"/a/b?c=d"), ("http://x", b"/"), ("/a", b"/a")):
        head = f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()
        assert (await raw(port, head)).endswith(b"\r\n\r\n" + expected)


async def test_another_protocol_than_websocket_is_overlooked(listen: Listen) -> None:
    head = b"GET /x HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n"
    assert (await raw(await listen(echo), head)).startswith(b"HTTP/1.1 200 OK")
