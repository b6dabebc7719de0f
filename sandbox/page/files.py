"""The page's files, served as they are. It works under a strict policy: nothing inline, nothing from outside."""

from __future__ import annotations

from pathlib import Path

from werkzeug.wrappers import Response

_FOLDER = Path(__file__).parent
_FILES = {
    "": ("page.html", "text/html; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
    "page.js": ("page.js", "text/javascript; charset=utf-8"),
    "draw.js": ("draw.js", "text/javascript; charset=utf-8"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_file(name: str) -> Response | None:
    """The file of this name below /_sandbox/, the page itself for no name; None where there is none."""
    known = _FILES.get(name)
    if known is None:
        return None
    path, content_type = known
    response = Response((_FOLDER / path).read_bytes(), 200, content_type=content_type)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
    return response
