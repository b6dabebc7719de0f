"""A socket opens only for a page of the same scheme, host and port: cookies would come along from any port."""

from typing import Any

import pytest

from controlplane.core.origins import is_own


def handshake(origin: str | None, host: str = "localhost:8000", **headers: str) -> dict[str, Any]:
    """What uvicorn makes of a browser's request."""
    named = {"host": host, **headers} | ({"origin": origin} if origin is not None else {})
    return {
        "type": "websocket",
        "scheme": "ws",
        "path": "/ws/live",
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode("latin1")) for name, value in named.items()],
    }


@pytest.mark.parametrize(
    ("origin", "host"),
    [("http://localhost:8000", "localhost:8000"), ("http://127.0.0.1", "127.0.0.1"), ("http://[::1]:80", "[::1]:80")],
)
def test_the_page_of_the_same_address_may(origin: str, host: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert is_own(handshake(origin, host))


@pytest.mark.parametrize(
    "origin",
    [
        *("http://localhost:3000", "http://localhost", "https://localhost:8000", "http://127.0.0.1:8000"),
        *("http://localhost:8000.evil.example", "http://evil.example", "null", "", None, "http://localhost:8000/"),
    ],
)
def test_no_other_page_may(origin: str | None) -> None:
    assert not is_own(handshake(origin))


def test_a_host_that_is_not_ours_is_no_own_address() -> None:
    """A foreign name that resolves to this machine (DNS rebinding)."""
    assert not is_own(handshake("http://rebound.example:8000", "rebound.example:8000"))


def test_two_origins_are_none() -> None:
    scope = handshake("http://evil.example")
    scope["headers"].append((b"origin", b"http://localhost:8000"))
    assert not is_own(scope)


def test_behind_tls_the_page_is_one_of_https(settings: Any) -> None:
    forwarded = handshake("https://localhost:8000", x_forwarded_proto="https")
    assert not is_own(forwarded), "nobody said that a proxy stands there"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert is_own(forwarded)
    assert not is_own(handshake("http://localhost:8000", x_forwarded_proto="https"))


def test_the_public_address_may_where_a_proxy_changes_the_host(settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://slipway.example"]
    assert is_own(handshake("https://slipway.example"))
    assert not is_own(handshake("https://slipway.example:444"))
