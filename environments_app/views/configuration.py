"""Editing an environment's configuration, setting by setting or as YAML: checked whole, stored as a new version."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from controlplane.core.policies import Capability
from controlplane.core.views import actor_of, require, tell
from controlplane.lib.errors import Refusal
from environments_app.forms import ConfigForm
from environments_app.schema.export import as_yaml
from environments_app.services import configs
from environments_app.views.config_form import editing
from environments_app.views.lookup import environment_or_404

STORED = "Version {} is stored. Plan it to see what it would change."


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """The newest configuration as a form; what is sent is stored, checked, or drawn again with an entry more."""
    found = environment_or_404(request, system, environment)
    require(request, found.system, Capability.CONFIGURE)
    work = editing(request, found)
    if work.saved:
        messages.success(request, STORED.format(work.saved.number))
        return redirect("pages:configuration", system, environment)
    return render(
        request,
        "environments/edit_config.html",
        {"environment": found, "editing": work, "shows": "form"},
        status=work.status,
    )


@require_http_methods(["GET", "POST"])
def edit_yaml(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """The same as YAML: stores what is sent as a new version, or says every problem."""
    found = environment_or_404(request, system, environment)
    require(request, found.system, Capability.CONFIGURE)
    newest = found.config_version
    problems: list[dict[str, str]] = []
    status = 200
    form = ConfigForm(request.POST or None, initial={"document": as_yaml(newest.document), "based_on": newest.number})
    if request.method == "POST":
        status = 422
        if form.is_valid():
            sent = form.cleaned_data
            outcome = configs.save_config(
                actor_of(request), found, sent["document"], based_on=sent["based_on"], reason=sent["reason"]
            )
            if isinstance(outcome, Refusal):
                problems = outcome.details.get("problems", []) or [{"path": "", "problem": outcome.message}]
                status = outcome.status
            elif tell(request, outcome, STORED.format(outcome.number)):
                return redirect("pages:configuration", system, environment)
    context = {"environment": found, "form": form, "problems": problems, "newest": newest, "shows": "yaml"}
    return render(request, "environments/edit_config_yaml.html", context, status=status)
