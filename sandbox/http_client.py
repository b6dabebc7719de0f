"""Requests to local servers: one by one, or over connections that are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

from sandbox.http import (
    LAST_CHUNK,
    BodyStream,
    HttpRequest,
    HttpResponse,
    chunk,
    encode_request,
    has_no_body,
    whole,
)

_IDLE_PER_PORT = 64
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})  # idempotent (RFC 9110, 9.2.2)


class _Connection(asyncio.Protocol):
    """One connection to a server: exchanges come one after the other."""

    def __init__(self, on_free: Callable[[_Connection], None], on_lost: Callable[[_Connection], None]) -> None:
        self._on_free, self._on_lost = on_free, on_lost
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[str, str]] = []
        self._raw = False  # after an upgrade
        self._idle = True
        self._answer: asyncio.Future[HttpResponse] | None = None
        self._body: BodyStream | None = None
        self._sender: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self.exchanges = 0

    @property
    def closed(self) -> bool:
        return self.transport.is_closing()

    async def exchange(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """The answer as soon as its head is here. Raises OSError or TimeoutError; then the connection is closed."""
        self.exchanges += 1
        self._request, self._headers, self._body, self._idle = request, [], None, False
        self._parser = httptools.HttpResponseParser(self)
        self._answer = self._loop.create_future()
        self._delimited = self._in_body = self._interim = self._over = False
        self._patience = timeout
        head, chunked = encode_request(request)
        try:
            async with asyncio.timeout(timeout) as limit:
                self.transport.write(head)
                if isinstance(request.body, BodyStream):
                    self._sender = asyncio.ensure_future(self._send(request.body, chunked, limit))
                return await self._answer
        except BaseException:
            self.close()
            raise

    async def _send(self, body: BodyStream, chunked: bool, limit: asyncio.Timeout) -> None:
        try:
            async for piece in body:
                self.transport.write(chunk(piece) if chunked else piece)
                if self._writable is not None:
                    await self._writable
                if not limit.expired() and self._answer is not None and not self._answer.done():
                    limit.reschedule(self._loop.time() + self._patience)
            if chunked:
                self.transport.write(LAST_CHUNK)
        except OSError:
            self.close()  # the client hung up: the server must not take half a body for a whole one

    def close(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
        self.transport.abort()

    # -- asyncio.Protocol ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost(self)
        if self._sender is not None:
            self._sender.cancel()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the connection ended before the response did"))
        if self._body is not None:
            cut = None if not self._delimited else ConnectionError("the connection ended within the response")
            self._body.end(cut)

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def data_received(self, data: bytes) -> None:
        if self._idle:
            self.close()  # nobody asked for this
            return
        if self._raw and self._body is not None:
            self._body.feed(data)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_raw(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(ConnectionError(f"not HTTP: {error}"))
            self.close()

    # -- httptools' callbacks ------------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_body:
            self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:  # an interim answer; the real one follows
            self._headers, self._interim = [], True
            return
        self._in_body = True
        self._delimited = any(name in ("content-length", "transfer-encoding") for name, _ in self._headers)
        self._body = BodyStream(self._pause, self._resume, self.close, self._patience)
        response = HttpResponse(status, self._body, self._headers)
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(response)
        if status != 101 and has_no_body(self._request, status):
            self._complete(self._parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        if self._body is not None and not self._over:
            self._body.feed(body)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
        elif self._parser.get_status_code() != 101:
            self._complete(self._parser.should_keep_alive())

    def _complete(self, keep_alive: bool) -> None:
        if self._over or self._body is None:
            return
        self._over = True
        sent = self._sender is None or self._sender.done()
        if keep_alive and sent and not self._body.held and not self.closed:
            self._sender = None
            self._loop.call_soon(self._free)
        else:
            self.close()
        self._body.end()

    def _free(self) -> None:
        self._idle = True
        if not self.closed:
            self._on_free(self)

    def _go_raw(self, rest: bytes) -> None:
        """A 101: from here on the body of the answer is what the server says, and we say what the client does."""
        self._raw = True
        if rest and self._body is not None:
            self._body.feed(rest)
        if self._request.raw is not None:
            self._sender = asyncio.ensure_future(self._tunnel(self._request.raw))

    async def _tunnel(self, raw: BodyStream) -> None:
        try:
            async for piece in raw:
                self.transport.write(piece)
                if self._writable is not None:
                    await self._writable
        except OSError:
            pass  # the client hung up
        self.transport.close()

    def _pause(self) -> None:
        if not self.closed:
            self.transport.pause_reading()

    def _resume(self) -> None:
        if not self.closed:
            self.transport.resume_reading()


class HttpClient:
    """Sends requests to local ports over connections that it keeps for the next request to the same port."""

    def __init__(self, keeps: bool = True) -> None:
        self._keeps = keeps
        self._idle: dict[int, list[_Connection]] = {}

    async def send(self, port: int, request: HttpRequest, timeout: float) -> HttpResponse:
        """The answer as soon as its head is here, its body as a stream. Raises OSError or TimeoutError.

        A kept connection that its server closed just now is no failure where the request may be repeated.
        """
        connection = self._kept(port)
        if connection is not None:
            try:
                return await connection.exchange(request, timeout)
            except ConnectionError:
                if request.method not in _REPEATABLE or isinstance(request.body, BodyStream):
                    raise
        connection = await self._open(port, timeout)
        return await connection.exchange(request, timeout)

    def _kept(self, port: int) -> _Connection | None:
        idle = self._idle.get(port, [])
        while idle:
            connection = idle.pop()
            if not connection.closed:
                return connection
        return None

    async def _open(self, port: int, timeout: float) -> _Connection:
        def free(connection: _Connection) -> None:
            idle = self._idle.setdefault(port, [])
            if self._keeps and len(idle) < _IDLE_PER_PORT:
                idle.append(connection)
            else:
                connection.close()

        def lost(connection: _Connection) -> None:
            idle = self._idle.get(port, [])
            if connection in idle:
                idle.remove(connection)
            if not idle:
                self._idle.pop(port, None)

        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            _, connection = await loop.create_connection(lambda: _Connection(free, lost), "127.0.0.1", port)
        return connection


_once = HttpClient(keeps=False)


async def send_once(port: int, request: HttpRequest, timeout: float) -> HttpResponse:
    """The whole answer over a connection of its own, as a health check asks. Raises OSError or TimeoutError."""
    async with asyncio.timeout(timeout):
        response = await _once.send(port, request, timeout)
        return HttpResponse(response.status, await whole(response.body), response.headers)
