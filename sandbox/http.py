"""HTTP/1.1 messages as containers, health checks and listeners pass them on: whole or as they come in."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

CRLF = b"\r\n"
_READ_AHEAD = 128 * 1024  # bytes of a body that wait in memory before its sender is held up

# Of one connection only, never passed on (RFC 9110, 7.6.1); framing is always written anew.
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
Headers = Sequence[tuple[str, str]]


def _nothing() -> None:
    """A sender that cannot be held up."""


class BodyStream:
    """A body while it comes in: iterate over its pieces, once.

    `hold` and `go_on` pause and resume the sender, `give_up` tells it that nobody wants the rest. `patience`:
    real seconds to wait for the next piece, then TimeoutError. A body whose sender hung up ends with
    ConnectionError.
    """

    def __init__(
        self,
        hold: Callable[[], None] = _nothing,
        go_on: Callable[[], None] = _nothing,
        give_up: Callable[[], None] = _nothing,
        patience: float | None = None,
    ) -> None:
        self._hold, self._go_on, self._give_up = hold, go_on, give_up
        self._patience = patience
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._error: Exception | None = None
        self._news: asyncio.Event | None = None
        self._at_end: list[Callable[[], None]] = []
        self.held = False
        self.ended = False
        self.begun = False
        self.on_begin: Callable[[], None] = _nothing

    @property
    def complete(self) -> bool:
        """All of it is here."""
        return self.ended and self._error is None

    def feed(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting > _READ_AHEAD and not self.held:
            self.held = True
            self._hold()
        self._tell()

    def end(self, error: Exception | None = None) -> None:
        if self.ended:
            return
        self.ended, self._error = True, error
        self._tell()
        for callback in self._at_end:
            callback()

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Calls back when the sender has sent all or has hung up; at once if that is so."""
        if self.ended:
            callback()
        else:
            self._at_end.append(callback)

    def take(self) -> bytes:
        """What is here and was not taken yet."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        self._waiting = 0
        if self.held:
            self.held = False
            self._go_on()
        return taken

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if not self.begun:
            self.begun = True
            self.on_begin()
        while True:
            if self._pieces:
                yield self.take()
            elif self._error is not None:
                raise self._error
            elif self.ended:
                return
            else:
                self._news = asyncio.Event()
                async with asyncio.timeout(self._patience):
                    await self._news.wait()

    def abandon(self) -> None:
        """Nobody wants the rest."""
        if not self.ended:
            self.end(ConnectionError("nobody wanted the rest"))
            self._give_up()

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set()


Body = bytes | BodyStream


async def whole(body: Body) -> bytes:
    """All of it, however it comes."""
    return body if isinstance(body, bytes) else b"".join([piece async for piece in body])


class _Message:
    headers: Headers

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass
class HttpRequest(_Message):
    """Header names in lower case, `target` with its query. `raw`: what follows an upgrade to another protocol."""

    method: str
    target: str
    headers: Headers = ()
    body: Body = b""
    keep_alive: bool = True
    http_1_0: bool = False
    raw: BodyStream | None = None

    @property
    def path(self) -> str:
        return self.target.split("?", 1)[0]

    def cookie(self, name: str) -> str | None:
        for key, value in self.headers:
            if key == "cookie":
                for pair in value.split(";"):
                    held, _, content = pair.strip().partition("=")
                    if held == name:
                        return content
        return None


@dataclass
class HttpResponse(_Message):
    """`body` of a 101 is what the other side says after the upgrade."""

    status: int
    body: Body = b""
    headers: Headers = ()


def passed_on(message: HttpRequest | HttpResponse) -> list[tuple[str, str]]:
    """The headers that are not of one connection only; an upgrade to WebSocket is kept."""
    named = {name.strip().lower() for key, value in message.headers if key == "connection" for name in value.split(",")}
    dropped = _HOP_BY_HOP | named
    headers = [(name, value) for name, value in message.headers if name not in dropped]
    if is_websocket(message):
        headers += [("connection", "upgrade"), ("upgrade", "websocket")]
    return headers


def is_websocket(message: HttpRequest | HttpResponse) -> bool:
    """A request that asks for a WebSocket, or the 101 that grants it."""
    if isinstance(message, HttpResponse) and message.status != 101:
        return False
    return (message.header("upgrade") or "").lower() == "websocket"


def encode_request(request: HttpRequest) -> tuple[bytes, bool]:
    """The head, with the body where it is whole; whether a body that is a stream goes out in chunks."""
    headers = [(name, value) for name, value in passed_on(request) if name != "expect"]
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    if isinstance(request.body, BodyStream):
        chunked = request.header("content-length") is None
        lines += _lines(headers, dropped="")
        lines += ["transfer-encoding: chunked"] if chunked else []
        return _head(lines), chunked
    lines += _lines(headers, dropped="content-length")
    if request.body or request.header("content-length") is not None:
        lines.append(f"content-length: {len(request.body)}")
    return _head(lines) + request.body, False


def encode_response(request: HttpRequest, response: HttpResponse, *, keep_alive: bool) -> tuple[bytes, bool]:
    """The head, with the body where it is whole; whether a body that is a stream goes out in chunks.

    An answer that has no body by its nature (to HEAD, 204, 304) keeps the length that it claims.
    """
    headers = passed_on(response)
    lines = [f"HTTP/1.1 {response.status} {_reason(response.status)}"]
    if response.status == 101:
        return _head(lines + _lines(headers, dropped="content-length")), False
    without_body = has_no_body(request, response.status)
    whole = response.body if isinstance(response.body, bytes) else None
    claimed = response.header("content-length")
    chunked = False
    if without_body:
        length = claimed if claimed is not None or response.status in (204, 304) else str(len(whole or b""))
        length = None if response.status == 204 else length
    elif whole is not None:
        length = str(len(whole))
    else:
        length = claimed
        chunked = claimed is None and not request.http_1_0
    lines += _lines(headers, dropped="content-length")
    if length is not None:
        lines.append(f"content-length: {length}")
    if chunked:
        lines.append("transfer-encoding: chunked")
    lines.append(f"connection: {'keep-alive' if keep_alive else 'close'}")
    return _head(lines) + (b"" if without_body or whole is None else whole), chunked


def has_no_body(request: HttpRequest, status: int) -> bool:
    return request.method == "HEAD" or status in (204, 304) or 100 <= status < 200


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


LAST_CHUNK = b"0\r\n\r\n"


def _lines(headers: Headers, *, dropped: str) -> list[str]:
    return [f"{name}: {value}" for name, value in headers if name != dropped]


def _head(lines: list[str]) -> bytes:
    return "\r\n".join(lines).encode("latin-1") + CRLF * 2


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
