"""No body over DATA_UPLOAD_MAX_MEMORY_SIZE is read, whatever its address and whoever sends it.

Django's ASGI handler takes a body in whole (large ones to the disk) before any view could refuse it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from controlplane.core.origins import Application, Scope

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
LENGTH, ENCODING = b"content-length", b"transfer-encoding"
NO_BODY: Message = {"type": "http.request", "body": b"", "more_body": False}


class BodyLimit:
    """ASGI middleware: of a body that is too large, Django gets the length alone.

    By that length pages (middleware.refuse_large_bodies) and the API's views refuse (413), each in its own shape, with
    request id and audit event. A body of unknown length (chunked, whatever length it claims besides) is read ahead, at
    most to the limit. What the client still sends, the server throws away.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Any) -> None:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        headers = dict(scope["headers"])
        length = headers.get(LENGTH, b"")
        # Beside a transfer encoding the length is not what counts (RFC 9112, section 6.3), but h11 lets both through.
        if length.isdigit() and ENCODING not in headers:
            size, first = int(length), None
        else:
            size, first = await _read_ahead(receive, limit)
        if size > limit:
            await self.application(_with_length(scope, size), _and_then(NO_BODY, _never), send)
        else:
            await self.application(scope, _and_then(first, receive) if first else receive, send)


async def _read_ahead(receive: Receive, limit: int) -> tuple[int, Message]:
    """How much came until the body's end or just over the limit, and the body as one message, or the disconnect."""
    pieces: list[bytes] = []
    size, more = 0, True
    while more and size <= limit:
        message = await receive()
        if message["type"] != "http.request":
            return 0, message
        pieces.append(message.get("body", b""))
        size, more = size + len(pieces[-1]), message.get("more_body", False)
    return size, {**NO_BODY, "body": b"".join(pieces)}


def _with_length(scope: Scope, size: int) -> Scope:
    others = [(name, value) for name, value in scope["headers"] if name not in (LENGTH, ENCODING)]
    return {**scope, "headers": [*others, (LENGTH, str(size).encode())]}


def _and_then(first: Message, rest: Receive) -> Receive:
    messages = [first]

    async def receive() -> Message:
        return messages.pop() if messages else await rest()

    return receive


async def _never() -> Message:
    """Waits until Django, having answered, no longer asks. To ask the server would invite the body (100 Continue)."""
    nothing: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    return await nothing
