"""What the frame around every page needs, as a context processor."""

import tomllib
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from controlplane.env import REPOSITORY
from controlplane.lib import clock, context
from controlplane.pages import plant, selectors

VERSION: str = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]


@dataclass(frozen=True)
class Entry:
    """One entry of the main navigation; "g" and `key` go there. `keep`: stays on a narrow page.

    `also`: where the addresses of the other pages begin that belong to it.
    """

    name: str
    view: str
    key: str
    keep: bool = False
    here: bool = False
    also: tuple[str, ...] = ()

    @property
    def href(self) -> str:
        return reverse(self.view)


NAVIGATION = [
    Entry("Fleet", "pages:fleet", "f", keep=True),
    Entry("Inbox", "pages:inbox", "i", keep=True),
    Entry(
        "Environments",
        "pages:environments",
        "e",
        also=("/alert-routes", "/blueprints", "/deployments/", "/protections/", "/releases", "/runs/", "/systems/"),
    ),
    Entry("Audit", "pages:audit", "a"),
    Entry("Settings", "pages:settings", "s"),
]


def _navigation(path: str) -> list[Entry]:
    def is_here(entry: Entry) -> bool:
        return path == entry.href or (entry.href != "/" and path.startswith((entry.href, *entry.also)))

    return [replace(entry, here=is_here(entry)) for entry in NAVIGATION]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Theme, navigation and the state of things. Whatever asks the database or Redis is asked only if shown."""
    user = getattr(request, "user", None)
    shown: dict[str, Any] = {
        "base_template": "partial.html" if getattr(request, "htmx", False) else "base.html",
        "theme": getattr(user, "theme", "auto"),
        "slipway_version": VERSION,
        "request_id": context.request_id(),
        "now": clock.now(),
        "in_sandbox": settings.SLIPWAY_IN_SANDBOX,
        "sandbox_page": f"{settings.SLIPWAY_SANDBOX_URL}/_sandbox/" if settings.SLIPWAY_IN_SANDBOX else "",
        "zone": timezone.get_current_timezone_name(),
    }
    if user is not None and user.is_authenticated:
        shown["navigation"] = _navigation(request.path)
        shown["inbox_count"] = SimpleLazyObject(lambda: selectors.inbox_count(user))
        shown["plant"] = SimpleLazyObject(plant.look)
    return shown
