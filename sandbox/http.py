"""The least of HTTP/1.1 that containers, checks and listeners need, over httptools' parser."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

import httptools

_CRLF = b"\r\n"


@dataclass
class HttpRequest:
    """A whole request; header names in lower case, `target` with its query."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    keep_alive: bool = True

    @property
    def path(self) -> str:
        return self.target.split("?", 1)[0]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass
class HttpResponse:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self, *, keep_alive: bool) -> bytes:
        head = [f"HTTP/1.1 {self.status} {_reason(self.status)}"]
        head += [f"{name}: {value}" for name, value in self.headers.items()]
        head += [f"content-length: {len(self.body)}", f"connection: {'keep-alive' if keep_alive else 'close'}"]
        return _CRLF.join(line.encode("latin-1") for line in head) + _CRLF * 2 + self.body


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


class HttpServerProtocol(asyncio.Protocol):
    """One connection: requests are handled one after the other, in order, with keep-alive."""

    def __init__(self, handler: Handler, connections: set[HttpServerProtocol]) -> None:
        self._handler = handler
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._queue: asyncio.Queue[HttpRequest] = asyncio.Queue()
        self._request = HttpRequest("", "")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        self._worker = asyncio.ensure_future(self._serve())

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._worker.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.write(HttpResponse(400).encode(keep_alive=False))
            self.transport.close()

    def on_message_begin(self) -> None:
        self._request = HttpRequest("", "")

    def on_url(self, url: bytes) -> None:
        self._request.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self._request.body += body

    def on_message_complete(self) -> None:
        self._request.method = self._parser.get_method().decode()
        self._request.keep_alive = self._parser.should_keep_alive()
        self._queue.put_nowait(self._request)

    async def _serve(self) -> None:
        while True:
            request = await self._queue.get()
            response = await self._handler(request)
            self.transport.write(response.encode(keep_alive=request.keep_alive))
            if not request.keep_alive:
                self.transport.close()
                return


class _HttpClientProtocol(asyncio.Protocol):
    """One request, one response, one connection."""

    def __init__(self, request: bytes) -> None:
        self._outgoing = request
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body = b""
        self.response: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._outgoing)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.response.done():
            self.response.set_exception(ConnectionError("the connection ended before the response did"))

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self.response.done():
                self.response.set_exception(ConnectionError(f"not HTTP: {error}"))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if not self.response.done():
            self.response.set_result(HttpResponse(self._parser.get_status_code(), self._body, self._headers))


async def send(port: int, request: HttpRequest, timeout: float) -> HttpResponse:
    """The answer of the local server on `port`; raises OSError or TimeoutError."""
    headers = [(name, value) for name, value in request.headers if name not in ("connection", "content-length")]
    lines = [f"{request.method} {request.target} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers]
    lines += [f"content-length: {len(request.body)}", "connection: close"]
    encoded = _CRLF.join(line.encode("latin-1") for line in lines) + _CRLF * 2 + request.body
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout):
        transport, protocol = await loop.create_connection(lambda: _HttpClientProtocol(encoded), "127.0.0.1", port)
        try:
            return await protocol.response
        finally:
            transport.close()


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
            server = await loop.create_server(make, "127.0.0.1", port)
        except OSError:
            server = await loop.create_server(make, "127.0.0.1", 0)
        return cls(server, connections)

    def close(self) -> None:
        """Stop listening and drop every connection, as a killed container does."""
        self._server.close()
        for connection in list(self._connections):
            connection.transport.close()
