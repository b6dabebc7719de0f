"""The versions of a configuration: a page of them, and two compared setting by setting."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest

from environments_app.models import ConfigVersion, Environment
from environments_app.schema.compare import compare

PAGE = 20


def chosen_versions(request: HttpRequest, environment: Environment) -> dict[str, Any]:
    """What a page of versions shows: a page of them, and where `from` and `to` name two, their differences."""
    versions = environment.config_versions.defer("document").order_by("-number")
    before, after = (_version(environment, request.GET.get(name, "")) for name in ("from", "to"))
    context: dict[str, Any] = {"page": Paginator(versions, PAGE).get_page(request.GET.get("page"))}
    if before and after:
        context |= {"before": before, "after": after, "differences": compare(before.document, after.document)}
    return context


def _version(environment: Environment, number: str) -> ConfigVersion | None:
    return environment.config_versions.filter(number=int(number)).first() if number.isdigit() else None
