"""Who may ask the sandbox for anything: programs of this machine, and its own page. No other page in a browser.

Any site can make a browser send requests to a loopback address, and the sandbox believes every signature: so
browsers' own words about where a request comes from are heeded, and a name that merely leads here (DNS rebinding)
opens nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def why_refused(environ: Mapping[str, Any]) -> str | None:
    """Why this request (WSGI) is not answered, in words; None where it may come in."""
    host = str(environ.get("HTTP_HOST", ""))
    if not is_local(urlsplit(f"//{host}").hostname or ""):
        return f"The sandbox answers to localhost and loopback addresses only, not to {host!r}."
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and urlsplit(origin).netloc != host:
        return "A page of another site may not use the sandbox."
    if environ.get("HTTP_SEC_FETCH_SITE") in ("cross-site", "same-site") and not _is_a_followed_link(environ):
        return "A page of another site may not use the sandbox."
    return None


def is_local(name: str) -> bool:
    """Whether a name can only mean this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_a_followed_link(environ: Mapping[str, Any]) -> bool:
    """To a page that changes nothing: somebody clicked on a link to the sandbox's own page."""
    is_page = environ.get("REQUEST_METHOD") == "GET" and str(environ.get("PATH_INFO", "")) == "/_sandbox/"
    return is_page and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
