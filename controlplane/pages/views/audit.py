"""The audit trail."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from controlplane.core import access
from controlplane.core.views import person
from controlplane.pages import selectors
from controlplane.pages.history import told
from controlplane.pages.selectors import AuditFilter

PAGE = 50


@require_GET
def events(request: HttpRequest) -> HttpResponse:
    """Who did what, on what, from where, with the state before and after; refusals too."""
    user = person(request)
    given = {name: request.GET.get(name, "").strip() for name in ("system", "actor", "action", "subject")}
    wanted = AuditFilter(**given, refused=request.GET.get("refused") == "1")
    page = Paginator(selectors.audit_events(user, wanted), PAGE).get_page(request.GET.get("page"))
    kept = {**{name: value for name, value in given.items() if value}, **({"refused": "1"} if wanted.refused else {})}
    context = {
        "wanted": wanted,
        "is_narrowed": bool(kept),
        "page": page,
        "rows": [told(event) for event in page],
        "filters": f"{urlencode(kept)}&" if kept else "",
        "systems": access.visible_systems(user),
    }
    return render(request, "pages/audit.html", context)
