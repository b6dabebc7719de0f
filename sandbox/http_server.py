"""An HTTP/1.1 server on a loopback port, over httptools' parser: keep-alive, streams, WebSocket upgrades."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import urlsplit

import httptools

from sandbox.http import (
    LAST_CHUNK,
    BodyStream,
    HttpRequest,
    HttpResponse,
    chunk,
    encode_response,
    has_no_body,
    is_websocket,
)

log = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]
_MOST_HEADER_BYTES = 64 * 1024  # an ALB's limit
_BAD_REQUEST = HttpResponse(400, b"400 Bad Request\n", [("content-type", "text/plain")])
_BROKEN = HttpResponse(500, b"500 Internal Server Error\n", [("content-type", "text/plain")])
_LONGEST_REST = 30.0  # real seconds for the rest of a body that nobody reads
_GRACE_SECONDS = 30.0  # real ones that an orderly end waits for requests in flight


class HttpServerProtocol(asyncio.Protocol):
    """One connection: requests are answered one after the other, in order."""

    def __init__(self, handler: Handler, connections: set[HttpServerProtocol]) -> None:
        self._handler = handler
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._requests: deque[HttpRequest] = deque()
        self._arrived: asyncio.Future[None] | None = None
        self._reading: BodyStream | None = None  # the body that comes in now
        self._raw: BodyStream | None = None  # what comes in after an upgrade
        self._target = b""
        self._headers: list[tuple[str, str]] = []
        self._header_bytes = 0
        self._in_body = False
        self._writable: asyncio.Future[None] | None = None
        self._busy = False
        self._last = False

    # -- asyncio.Protocol ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        self._connections.add(self)
        self._worker = asyncio.ensure_future(self._serve())

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        for stream in (self._reading, self._raw):
            if stream is not None:
                stream.end(ConnectionError("the client hung up"))
        self._worker.cancel()

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def data_received(self, data: bytes) -> None:
        if self._raw is not None:
            self._raw.feed(data)
            return
        if self.transport.is_closing():
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_raw(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse()

    # -- httptools' callbacks ------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._target, self._headers, self._header_bytes, self._in_body = b"", [], 0, False

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_body:  # what comes after a body are trailers, which go no further
            self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))
            self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._in_body = True
        request = HttpRequest(
            self._parser.get_method().decode(),
            _origin_form(self._target.decode("latin-1")),
            self._headers,
            keep_alive=self._parser.should_keep_alive(),
            http_1_0=self._parser.get_http_version() == "1.0",
        )
        if request.method == "CONNECT" or (not request.http_1_0 and request.header("host") is None):
            raise httptools.HttpParserError("not a request that a server takes")
        length = request.header("content-length")
        if request.header("transfer-encoding") is not None or length not in (None, "0"):
            request.body = self._reading = BodyStream(self._pause, self._resume)
            if (request.header("expect") or "").lower() == "100-continue":
                request.body.on_begin = self._invite
        self._requests.append(request)
        self._newest = request
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    def on_body(self, body: bytes) -> None:
        if self._reading is not None:
            self._reading.feed(body)

    def on_message_complete(self) -> None:
        if self._reading is not None:
            self._reading.end()
            self._reading = None

    # -- answering -----------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Answer what is being answered, then close."""
        self._last = True
        if not self._busy and not self._requests:
            self.transport.close()
        else:
            self._loop.call_later(_GRACE_SECONDS, self.transport.abort)

    async def _serve(self) -> None:
        while True:
            while not self._requests:
                self._arrived = self._loop.create_future()
                await self._arrived
            request = self._requests.popleft()
            self._busy = True
            try:
                response = await self._handler(request)
            except Exception:
                log.exception("%s %s could not be answered", request.method, request.target)
                response = _BROKEN
            if not await self._write(request, response):
                self.transport.close()
                return
            self._busy = False

    async def _write(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Write the answer; whether the connection can be used again."""
        if isinstance(response.body, BodyStream) and response.body.complete and response.status != 101:
            response = HttpResponse(response.status, response.body.take(), response.headers)
        sent = request.body if isinstance(request.body, BodyStream) else None
        unread = sent is not None and not sent.ended
        uninvited = unread and sent is not None and sent.on_begin == self._invite and not sent.begun
        unknown_end = isinstance(response.body, BodyStream) and response.header("content-length") is None
        keep_alive = request.keep_alive and not (self._last or uninvited or request.raw is not None)
        keep_alive = keep_alive and not (request.http_1_0 and unknown_end)
        head, chunked = encode_response(request, response, keep_alive=keep_alive)
        self.transport.write(head)
        if isinstance(response.body, BodyStream):
            try:
                await self._write_pieces(request, response, response.body, chunked)
            except OSError:
                self.transport.abort()  # so that the client sees that the answer is not whole
                return False
            finally:
                response.body.abandon()
        if unread and not uninvited and sent is not None:
            keep_alive = keep_alive and await _read_away(sent)
        return keep_alive and not self._last

    async def _write_pieces(
        self, request: HttpRequest, response: HttpResponse, body: BodyStream, chunked: bool
    ) -> None:
        if has_no_body(request, response.status) and response.status != 101:
            return
        async for piece in body:
            self.transport.write(chunk(piece) if chunked else piece)
            if self._writable is not None:
                await self._writable
        if chunked:
            self.transport.write(LAST_CHUNK)

    def _invite(self) -> None:
        self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _go_raw(self, rest: bytes) -> None:
        """The client asked for another protocol. We know WebSocket; any other wish is overlooked, as it may be."""
        if is_websocket(self._newest):
            self._newest.raw = self._raw = BodyStream(self._pause, self._resume)
            if rest:
                self._raw.feed(rest)
            return
        self._parser = httptools.HttpRequestParser(self)
        if rest:
            self.data_received(rest)

    def _refuse(self) -> None:
        head, _ = encode_response(HttpRequest("GET", "/"), _BAD_REQUEST, keep_alive=False)
        self.transport.write(head)
        self.transport.close()

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > _MOST_HEADER_BYTES:
            raise httptools.HttpParserError("the head is too long")

    def _pause(self) -> None:
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def _resume(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()


def _origin_form(target: str) -> str:
    """A request to a proxy names scheme and host as well; a server must take it all the same (RFC 9112, 3.2.2)."""
    if target.startswith(("http://", "https://")):
        parts = urlsplit(target)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return target


async def _read_away(body: BodyStream) -> bool:
    """Take in what nobody reads, so that the client hears the answer; whether that came to an end."""
    try:
        async with asyncio.timeout(_LONGEST_REST):
            async for _ in body:
                pass
    except OSError:
        return False
    return True


class HttpServer:
    """A server on a loopback port: the one asked for if it is free, else any."""

    def __init__(self, server: asyncio.Server, connections: set[HttpServerProtocol]) -> None:
        self._server = server
        self._connections = connections
        self.port: int = server.sockets[0].getsockname()[1]

    @classmethod
    async def listen(cls, handler: Handler, port: int = 0) -> HttpServer:
        connections: set[HttpServerProtocol] = set()
        loop = asyncio.get_running_loop()

        def make() -> HttpServerProtocol:
            return HttpServerProtocol(handler, connections)

        try:
            server = await loop.create_server(make, "127.0.0.1", port, backlog=1024)
        except OSError:
            server = await loop.create_server(make, "127.0.0.1", 0, backlog=1024)
        return cls(server, connections)

    def close(self) -> None:
        """Stop listening and drop every connection, as a killed process does."""
        self._server.close()
        for connection in list(self._connections):
            connection.transport.abort()

    def finish(self) -> None:
        """Stop listening, let the requests in flight end, as a process does that heeds SIGTERM."""
        self._server.close()
        for connection in list(self._connections):
            connection.finish()
