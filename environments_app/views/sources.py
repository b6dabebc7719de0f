"""Accounts and sources of a system: its external id, and where its own Terraform may come from."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from controlplane.core.models import System
from controlplane.core.views import actor_of, person, role_or_404, tell
from controlplane.lib.errors import Refusal
from environments_app.forms import TrustForm
from environments_app.models import TrustedSource
from environments_app.services import sources


def _system_or_404(request: HttpRequest, slug: str) -> System:
    system = get_object_or_404(System, slug=slug)
    role_or_404(request, system)
    return system


def _page(request: HttpRequest, system: System, form: TrustForm, status: int = 200) -> HttpResponse:
    context = {
        "system": system,
        "form": form,
        "may_trust": person(request).is_superuser,
        "sources": system.trusted_sources.order_by("revoked_at", "-created_at"),
    }
    return render(request, "environments/sources.html", context, status=status)


@require_GET
def show(request: HttpRequest, system: str) -> HttpResponse:
    """What roles in the system's accounts must ask for, and what is trusted."""
    return _page(request, _system_or_404(request, system), TrustForm())


@require_POST
def trust(request: HttpRequest, system: str) -> HttpResponse:
    """Trusts a source; only an administrator of the installation may."""
    found = _system_or_404(request, system)
    form = TrustForm(request.POST)
    if form.is_valid():
        outcome = sources.trust(actor_of(request), found, **form.cleaned_data)
        if not isinstance(outcome, Refusal):
            tell(request, outcome, f"{outcome} is trusted for {found.slug}. Its environments may be planned from it.")
            return redirect("environments:sources", system)
        if outcome.status == 403:
            raise PermissionDenied(outcome.message)
        form.add_error(None, outcome.message)
    return _page(request, found, form, status=422)


@require_POST
def revoke(request: HttpRequest, system: str, source_id: UUID) -> HttpResponse:
    """Takes the trust back; only an administrator of the installation may."""
    found = _system_or_404(request, system)
    outcome = sources.revoke(actor_of(request), get_object_or_404(TrustedSource, pk=source_id, system=found))
    if isinstance(outcome, Refusal) and outcome.status == 403:
        raise PermissionDenied(outcome.message)
    tell(request, outcome, "No longer trusted. Nothing of it is planned or applied from now on.")
    return redirect("environments:sources", system)
