"""What every request passes: its id, safe headers, deny by default, the reader's time zone."""

import re
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from controlplane.lib import context

GetResponse = Callable[[HttpRequest], HttpResponse]
SANE_ID = re.compile(r"[A-Za-z0-9_.:-]{8,64}")

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
)


def request_context(get_response: GetResponse) -> GetResponse:
    """Takes the caller's X-Request-ID where it is sane, else makes one; answers with it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        identifier = given if SANE_ID.fullmatch(given) else context.new_request_id()
        with context.serving(identifier):
            response = get_response(request)
        response["X-Request-ID"] = identifier
        return response

    return middleware


def security_headers(get_response: GetResponse) -> GetResponse:
    """A strict policy without inline code for every page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    return middleware


class DenyByDefault(LoginRequiredMiddleware):
    """Every view asks for a signed-in user unless it says otherwise; the API authenticates by itself (tokens)."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        # The API's own views ask for a token; its description (openapi.json) is open.
        if request.resolver_match is not None and "api" in request.resolver_match.namespaces:
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


def refuse_large_bodies(get_response: GetResponse) -> GetResponse:
    """The pages' 413, whatever the form's encoding and before its CSRF token is looked for in a body that is not there.

    The API's views refuse by themselves, once they know who asks (core/body_limit.py).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and not request.path.startswith("/api/"):
            raise RequestDataTooBig(f"a body of {length} bytes")
        return get_response(request)

    return middleware


def reader_timezone(get_response: GetResponse) -> GetResponse:
    """Shows times in the zone that the user chose; UTC until then."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "timezone", "")
        try:
            zone = zoneinfo.ZoneInfo(name) if name else None
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            zone = None
        with timezone.override(zone):
            return get_response(request)

    return middleware
