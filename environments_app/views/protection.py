"""The page of an environment's protection: what holds, what waits for a second admin, and a form to change it."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from controlplane.core import access
from controlplane.core.models import ApprovalRequest
from controlplane.core.policies import Capability
from controlplane.core.views import actor_of, approval_in, decision, is_confirmed, person, reason_in, require, tell
from controlplane.lib.errors import Refusal
from environments_app import schema, selectors
from environments_app.config_form.drawing import Problem, draw
from environments_app.config_form.reading import read_form
from environments_app.models import Environment
from environments_app.policies import weakenings
from environments_app.schema.compare import Difference, compare
from environments_app.services import protections
from environments_app.views import rules
from environments_app.views.lookup import environment_or_404

PAGE = 20


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """What holds and what waits; what is sent is saved, proposed, or drawn again with every problem."""
    found = environment_or_404(request, system, environment)
    if request.method != "POST":
        return _page(request, found, found.protection.document)
    require(request, found.system, Capability.CONFIGURE)
    document, based_on = read_form(schema.Protection, request.POST), request.POST.get("based_on", "")
    outcome = protections.change(
        actor_of(request),
        found,
        document,
        based_on=int(based_on) if based_on.isdigit() else 0,
        reason=reason_in(request),
    )
    found.__dict__.pop("protection", None)
    if isinstance(outcome, Refusal):
        return _page(request, found, document, outcome)
    waits = isinstance(outcome, ApprovalRequest)
    tell(request, outcome, "It is weaker: another admin must agree." if waits else "The protection holds from now on.")
    return _back(found)


@require_GET
def show_by_id(request: HttpRequest, environment_id: UUID) -> HttpResponse:
    """The same page, for those who know only what was approved: the inbox and the audit trail."""
    found = get_object_or_404(Environment.objects.select_related("system"), pk=environment_id)
    return show(request, found.system.slug, found.slug)


def _page(
    request: HttpRequest, environment: Environment, document: dict[str, Any], refused: Refusal | None = None
) -> HttpResponse:
    user, asked = person(request), selectors.proposal_of(environment)
    problems: list[Problem] = refused.details.get("problems", []) if refused is not None else []
    versions = environment.protection_versions.order_by("-number")
    context = {
        "environment": environment,
        "standing_version": environment.protection,
        "nodes": draw(schema.Protection, document, problems),
        "rule_facts": rules.facts(environment.protection.rules),
        "sent": request.POST,
        "refusal": refused.message if refused is not None else "",
        "meanwhile": _meanwhile(environment, refused),
        "role": access.role_of(user, environment.system),
        "may_configure": access.may(user, environment.system, Capability.CONFIGURE),
        "page": Paginator(versions, PAGE).get_page(request.GET.get("page")),
        "asks_name": environment.tier == "production",
    }
    if asked and asked.state == "open":
        wanted = protections.proposed(asked)
        context |= {
            **decision(user, asked),
            "weaker": weakenings(environment.protection.rules, wanted),
            "differences": rules.named(compare(environment.protection.document, wanted.model_dump(mode="json"))),
        }
    status = 200 if refused is None else refused.status
    return render(request, "environments/protection.html", context, status=status)


def _meanwhile(environment: Environment, refused: Refusal | None) -> list[Difference]:
    """What others saved since the version that was edited; with it before their eyes, an author may save again."""
    if refused is None or refused.code != "STALE_VERSION":
        return []
    before = environment.protection_versions.filter(number=refused.details["based_on"]).first()
    return rules.named(compare(before.document if before else {}, environment.protection.document))


@require_POST
def agree(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """A second admin's yes to exactly the digest that the form carries; production asks for its name, too."""
    found = environment_or_404(request, system, environment)
    require(request, found.system, Capability.CONFIGURE)
    if found.tier != "production" or is_confirmed(request, found.slug):
        digest, comment = approval_in(request)
        tell(request, protections.agree(actor_of(request), found, digest, comment), "You agreed; it holds from now on.")
    return _back(found)


@require_POST
def withdraw(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """Ends the proposal: its author takes it back, or another admin refuses it."""
    found = environment_or_404(request, system, environment)
    require(request, found.system, Capability.CONFIGURE)
    tell(request, protections.withdraw(actor_of(request), found, reason_in(request)), "Ended. Nothing was changed.")
    return _back(found)


def _back(environment: Environment) -> HttpResponse:
    return redirect("environments:protection", environment.system.slug, environment.slug)
