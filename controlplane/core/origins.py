"""Which pages may open a socket: Slipway's own, by the rule that Django's CSRF check has for forms.

A browser sends its cookies with a WebSocket to whatever site opens it, and cookies know no ports: another program on
the same host would be let in by its name alone.
"""

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


def is_own(scope: Scope) -> bool:
    """Whether a handshake's Origin is the scheme, host and port it was sent to, or what SLIPWAY_URL names.

    Django knows the rest: the host must be one of ALLOWED_HOSTS, and a proxy's X-Forwarded-Proto counts only with
    SLIPWAY_HTTPS.
    """
    scheme = {"ws": "http", "wss": "https"}.get(scope.get("scheme", "ws"), "http")
    request = ASGIRequest({**scope, "type": "http", "method": "GET", "scheme": scheme}, BytesIO())
    try:
        own = f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return False
    return request.headers.get("Origin") in {own, *settings.CSRF_TRUSTED_ORIGINS}


class OwnOriginOnly:
    """ASGI middleware: refuses (403) the handshakes of other sites' pages."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        await (self.application if is_own(scope) else WebsocketDenier())(scope, receive, send)
