"""Home, inbox and search."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from controlplane.core.models import ApprovalRequest
from controlplane.core.views import person
from controlplane.pages import fleet as fleets
from controlplane.pages import selectors
from controlplane.pages.history import told
from controlplane.pages.selectors import AuditFilter

LATELY = 10
NEXT = 6


@require_GET
def fleet(request: HttpRequest) -> HttpResponse:
    """Is anything wrong, does anything wait for me?"""
    user = person(request)
    read = fleets.read_fleet(user)
    systems = [row.system for row in read.rows]
    expiring = ApprovalRequest.objects.filter(state="open", system__in=systems).select_related("system")
    context: dict[str, Any] = {
        "fleet": read,
        "lately": [told(event) for event in selectors.audit_events(user, AuditFilter())[:LATELY]],
        "expiring": [
            (asked, selectors.page_of(asked.subject_kind, asked.subject_id))
            for asked in expiring.order_by("expires_at")[:NEXT]
        ],
    }
    return render(request, "pages/fleet.html", context)


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What needs my decision, oldest first."""
    return render(request, "pages/inbox.html", {"needs": selectors.inbox(person(request))})


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Finds by name or by the beginning of an id; a single hit is gone to at once."""
    query = request.GET.get("q", "").strip()[:200]
    found = selectors.search(person(request), query)
    if len(found) == 1:
        return redirect(found[0].href)
    return render(request, "pages/search.html", {"query": query, "found": found})
