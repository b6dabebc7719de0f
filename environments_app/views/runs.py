"""The page of a run, and what people do there."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from controlplane.core import access
from controlplane.core.models import AuditEvent, User
from controlplane.core.policies import Capability
from controlplane.core.services import locks
from controlplane.core.views import actor_of, approval_in, decision, is_confirmed, person, reason_in, require, tell
from controlplane.lib import clock
from environments_app import selectors
from environments_app.models import Environment, Run, StateVersion
from environments_app.services import runs
from environments_app.states import HELD_BY_WORKER
from environments_app.views import applied, run_page
from environments_app.views.lookup import environment_or_404, run_or_404
from environments_app.views.outputs import read_outputs
from environments_app.views.stages import Usual

KINDS = {"apply", "destroy", "drift", "speculative"}


@require_GET
def show(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What would change, what it costs, is it allowed, who decides, how far is it."""
    run = run_or_404(request, run_id)
    return render(request, "environments/run.html", run_context(person(request), run))


@require_GET
def summary(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What Slipway keeps of the plan, as a file: sensitive values are masked, for they were before it was stored.

    The plan itself, in which Terraform writes values, is never handed out.
    """
    run = run_or_404(request, run_id)
    if not run.summary:
        raise Http404
    asked = selectors.approval_of(run)
    told = {
        "run": str(run.pk),
        "environment": str(run.environment),
        "kind": run.kind,
        "state": run.state,
        "config_version": run.config_version.number,
        "created_at": run.created_at,
        "digest": asked.digest if asked else None,
        **{name: getattr(run, name) for name in ("bound", "summary", "findings", "cost")},
    }
    response = JsonResponse(told, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="plan-summary-{str(run.pk)[:8]}.json"'
    return response


def run_context(user: User, run: Run) -> dict[str, Any]:
    """Everything that the run's page and its partials show to `user`."""
    asked = selectors.approval_of(run)
    decided = decision(user, asked)
    given = (len(decided["standing"]), asked.required) if asked else None
    rows = run_page.rows_of(run)
    budget = run.config_version.config.budget
    system = run.environment.system
    return {
        "run": run,
        "environment": run.environment,
        "stages": run_page.stages_of(run, given, clock.now(), _usual_lengths(run)),
        "rows": rows,
        "drift": run_page.drift_of(run),
        "dangerous": [row for row in rows if row.is_dangerous],
        "modules": run_page.modules_of([row for row in rows if not row.is_dangerous]),
        "cost": run_page.cost_of(run, float(budget.monthly_usd) if budget else None),
        "progress": run_page.progress_of(run),
        "output_waits": run_page.output_waits(run),
        **decided,
        "asks_name": _asks_name(run),
        "may_discard": run.can_discard and access.may(user, system, _right(user, run, Capability.APPROVE)),
        "may_cancel": run.can_cancel and access.may(user, system, _right(user, run, Capability.OPERATE)),
        "may_reconcile": access.may(user, system, Capability.OPERATE),
        "holds": locks.holds(run.environment_id),
        "role": access.role_of(user, system),
        "refused": _refusal(run),
        "unapplied": applied.unapplied_number(run.environment),
        "outputs": read_outputs(StateVersion.objects.filter(run=run).values_list("outputs", flat=True).first() or {}),
    }


def _usual_lengths(run: Run) -> dict[str, Usual]:
    """What a phase that works now took before; asked for only while one works."""
    return run_page.usual_lengths(selectors.finished_before(run)) if run.state in HELD_BY_WORKER else {}


def _refusal(run: Run) -> AuditEvent | None:
    """Who discarded the run, when and why; None where nobody did."""
    if run.state != "discarded":
        return None
    kind, identifier = run.audit_subject
    events = AuditEvent.objects.filter(subject_kind=kind, subject_id=str(identifier), action="run.discarded")
    return events.filter(refused=False).order_by("at").last()


def _right(user: User, run: Run, others: Capability) -> Capability:
    """One's own runs need less to be ended than others'."""
    return Capability.PLAN if run.requester_id == user.pk else others


def _asks_name(run: Run) -> bool:
    """Whether approving asks for the environment's name: in production, and where something is destroyed."""
    return run.environment.tier == "production" or bool(run.summary.get("destroy"))


def _back(run: Run) -> HttpResponse:
    return redirect("environments:run", run.pk)


@require_POST
def start(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """Queues a run of the kind that the form names and goes to its page."""
    found: Environment = environment_or_404(request, system, environment)
    kind = request.POST.get("kind", "apply")
    require(request, found.system, Capability.OPERATE if kind == "destroy" else Capability.PLAN)
    here = redirect("pages:environment", system, environment)
    if kind not in KINDS or (kind == "destroy" and not is_confirmed(request, found.slug)):
        return here
    run = tell(request, runs.request_run(actor_of(request), found, kind), "Queued. Planning changes nothing.")
    return _back(run) if run else here


@require_POST
def approve(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Approves exactly the digest that the form carries."""
    run = run_or_404(request, run_id)
    require(request, run.environment.system, Capability.APPROVE)
    if _asks_name(run) and not is_confirmed(request, run.environment.slug):
        return _back(run)
    digest, comment = approval_in(request)
    tell(request, runs.approve(actor_of(request), run, digest, comment), f"You approved {digest[:8]}…{digest[-8:]}.")
    return _back(run)


@require_POST
def revoke(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = run_or_404(request, run_id)
    require(request, run.environment.system, Capability.APPROVE)
    tell(request, runs.revoke(actor_of(request), run), "Your approval is taken back. Nothing was changed.")
    return _back(run)


@require_POST
def discard(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = run_or_404(request, run_id)
    require(request, run.environment.system, _right(person(request), run, Capability.APPROVE))
    tell(request, runs.discard(actor_of(request), run, reason_in(request)), "Discarded. Nothing was changed.")
    return _back(run)


@require_POST
def cancel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = run_or_404(request, run_id)
    require(request, run.environment.system, _right(person(request), run, Capability.OPERATE))
    if run.state == "applying" and not is_confirmed(request, run.environment.slug):
        return _back(run)
    tell(request, runs.cancel(actor_of(request), run), "Asked Terraform to stop; it finishes what it has begun.")
    return _back(run)


@require_POST
def reconcile(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = run_or_404(request, run_id)
    require(request, run.environment.system, Capability.OPERATE)
    tell(request, runs.reconcile(actor_of(request), run), "Slipway looks what the lost apply has done.")
    return _back(run)


@require_POST
def break_lock(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """Frees the environment's lock by a person's word; asks for the name and a reason."""
    found = environment_or_404(request, system, environment)
    require(request, found.system, Capability.OPERATE)
    if is_confirmed(request, found.slug):
        reason = request.POST.get("reason", "")
        tell(
            request,
            runs.break_lock(actor_of(request), found, reason),
            "The lock is broken. The audit trail says by whom.",
        )
    return redirect("pages:infrastructure", system, environment)
