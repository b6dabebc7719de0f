"""Blueprint files by page: looked at, loaded, and taken away again."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from controlplane.core import access
from controlplane.core.models import System
from controlplane.core.policies import Capability
from controlplane.core.views import actor_of, person, role_or_404, tell
from controlplane.lib.errors import Refusal
from environments_app.forms import BlueprintForm
from environments_app.services import blueprints

PAGE = 30


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """The systems to export, and a form: `do=look` says what a file would make, `do=load` makes it."""
    form = BlueprintForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=422)
    text: str = form.cleaned_data["text"]
    # What was uploaded stands in the text field from now on, where it can be read and mended.
    form = BlueprintForm(initial={"text": text})
    read = blueprints.read(actor_of(request), text)
    if isinstance(read, Refusal):
        if read.status == 403:
            raise PermissionDenied(read.message)
        return _page(request, form, status=read.status, problems=read.details["problems"])
    if request.POST.get("do") != "load":
        return _page(request, form, blueprint=read, effects=blueprints.effects(read))
    made = [effect.environment.name for effect in blueprints.effects(read) if effect.is_made]
    system = blueprints.load(actor_of(request), read)
    tell(request, system, f"Made of the file: {', '.join(made) if made else 'nothing, all of it was there'}.")
    return redirect("environments:blueprints")


def _page(request: HttpRequest, form: BlueprintForm, *, status: int = 200, **more: Any) -> HttpResponse:
    user = person(request)
    context = {
        "form": form,
        "page": Paginator(access.visible_systems(user), PAGE).get_page(request.GET.get("page")),
        "may_load": user.is_superuser or bool(access.systems_where(user, Capability.CONFIGURE)),
        **more,
    }
    return render(request, "environments/blueprints.html", context, status=status)


@require_GET
def export(request: HttpRequest, system: str) -> HttpResponse:
    """The system as a blueprint file."""
    found = get_object_or_404(System, slug=system)
    role_or_404(request, found)
    response = HttpResponse(blueprints.export(found), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.slug}.yaml"'
    return response
