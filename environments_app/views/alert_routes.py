"""Whom alarms reach, over all environments that the reader sees."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from controlplane.core import access
from controlplane.core.views import person
from environments_app import selectors

PAGE = 50


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Every route of the newest configurations; `q` finds in names, severities, channels and targets."""
    query = request.GET.get("q", "").strip()[:200]
    routes = selectors.alert_routes(access.visible_systems(person(request)), query)
    page = Paginator(routes, PAGE).get_page(request.GET.get("page"))
    filters = f"{urlencode({'q': query})}&" if query else ""
    return render(request, "environments/alert_routes.html", {"page": page, "query": query, "filters": filters})
