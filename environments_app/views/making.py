"""Making an environment: from another one, or from a blueprint file's."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from controlplane.core import access
from controlplane.core.policies import Capability
from controlplane.core.views import actor_of, person, tell
from controlplane.lib.errors import Refusal
from environments_app import schema
from environments_app.config_form.drawing import Problem, draw
from environments_app.config_form.reading import read_form
from environments_app.forms import EnvironmentForm
from environments_app.services import environments


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A form for a new environment; what is wrong is said at its field, and what was typed stays."""
    user = person(request)
    form = EnvironmentForm(user, request.POST or None)
    if request.method != "POST":
        return _page(request, form, {})
    protection = read_form(schema.Protection, request.POST)
    if not form.is_valid():
        return _page(request, form, protection, status=422)
    sent = form.cleaned_data
    outcome = environments.create(
        actor_of(request),
        sent["system"],
        sent["name"],
        tier=sent["tier"],
        protection=protection,
        document=sent["source"],
        reason=sent["reason"],
    )
    if isinstance(outcome, Refusal):
        form.add_error("name" if outcome.code == "NAME_TAKEN" else None, outcome.message)
        return _page(request, form, protection, outcome.details.get("problems", []), status=outcome.status)
    tell(request, outcome, f"{outcome} is made. Look through its configuration before you plan it.")
    return redirect("environments:edit-config", outcome.system.slug, outcome.slug)


def _page(
    request: HttpRequest,
    form: EnvironmentForm,
    protection: dict[str, Any],
    problems: list[Problem] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "nodes": draw(schema.Protection, protection or schema.Protection().model_dump(mode="json"), problems or []),
        "may_make": bool(access.systems_where(person(request), Capability.CONFIGURE)),
    }
    return render(request, "environments/new.html", context, status=status)
