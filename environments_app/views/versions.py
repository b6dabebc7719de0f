"""The versions of a configuration: a page of them, two compared setting by setting, an old one restored."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from controlplane.core.policies import Capability
from controlplane.core.views import actor_of, reason_in, require, tell
from controlplane.lib.errors import Refusal
from environments_app.models import ConfigVersion, Environment
from environments_app.schema.compare import compare
from environments_app.services import configs
from environments_app.views.lookup import environment_or_404

PAGE = 20


def chosen_versions(request: HttpRequest, environment: Environment) -> dict[str, Any]:
    """What a page of versions shows: a page of them, and where `from` and `to` name two, their differences."""
    versions = environment.config_versions.defer("document").order_by("-number")
    before, after = (version_or_404(environment, request.GET.get(name, "")) for name in ("from", "to"))
    context: dict[str, Any] = {"page": Paginator(versions, PAGE).get_page(request.GET.get("page"))}
    if before and after:
        context |= {"before": before, "after": after, "differences": compare(before.document, after.document)}
    return context


def version_or_404(environment: Environment, number: str) -> ConfigVersion | None:
    """The version that an address names; None where it names none, 404 for one that does not exist."""
    if not number:
        return None
    found = configs.find_version(environment, int(number)) if number.isdecimal() and len(number) < 10 else None
    if found is None:
        raise Http404
    return found


@require_POST
def restore(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """What an old version said, as a new one; where somebody saved meanwhile, what they changed is shown instead."""
    found = environment_or_404(request, system, environment)
    require(request, found.system, Capability.CONFIGURE)
    old = version_or_404(found, request.POST.get("version", ""))
    based_on, reason = request.POST.get("based_on", ""), reason_in(request)
    here, newest = reverse("pages:configuration", args=[system, environment]), found.config_version.number
    if old is None or not based_on.isdecimal():
        raise Http404
    outcome: ConfigVersion | Refusal = Refusal(
        "REASON_MISSING", "Say why it comes back, for those who read the versions later.", 422
    )
    if reason:
        outcome = configs.restore_config(actor_of(request), found, old.number, based_on=int(based_on), reason=reason)
    done = f"Version {old.number} is restored. Plan it to see what it would change."
    if tell(request, outcome, done):
        return redirect(f"{here}?from={newest}&to={found.config_version.number}")
    if isinstance(outcome, Refusal) and outcome.code == "STALE_VERSION":
        return redirect(f"{here}?from={based_on}&to={newest}")
    return redirect(f"{here}?version={old.number}")
