"""The page of a deployment, and what people do there."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from controlplane.core import access
from controlplane.core.models import User
from controlplane.core.policies import Capability
from controlplane.core.views import (
    actor_of,
    approval_in,
    decision,
    is_confirmed,
    person,
    reason_in,
    require,
    role_or_404,
    tell,
)
from controlplane.lib import clock
from deployments_app import selectors
from deployments_app.models import Deployment, Release
from deployments_app.services import deployments
from deployments_app.services.targets import last_succeeded
from deployments_app.states import DEPLOYMENT, IN_ROLLOUT, NOT_STARTED
from deployments_app.views import page
from environments_app.views.lookup import environment_or_404


def deployment_or_404(request: HttpRequest, deployment_id: UUID) -> Deployment:
    """The deployment, if the user has a role in its system."""
    found = selectors.find_deployment(deployment_id)
    if found is None:
        raise Http404
    role_or_404(request, found.environment.system)
    return found


@require_GET
def show(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """How far, how healthy, what happens next, how do I stop it."""
    deployment = deployment_or_404(request, deployment_id)
    return render(request, "deployments/deployment.html", deployment_context(person(request), deployment))


def deployment_context(user: User, deployment: Deployment) -> dict[str, Any]:
    """Everything that the page and its regions show to `user`."""
    system = deployment.environment.system
    asked = selectors.approval_of(deployment)
    decided = decision(user, asked)
    given = (len(decided["standing"]), asked.required) if asked else None
    running = last_succeeded(deployment.environment, deployment.service_id)
    own = deployment.requester_id == user.pk
    waits = deployment.state in NOT_STARTED
    may_operate = access.may(user, system, Capability.OPERATE)
    may_stop = access.may(user, system, Capability.PLAN if own else Capability.APPROVE) if waits else may_operate
    return {
        "deployment": deployment,
        "environment": deployment.environment,
        "system": system,
        "release": deployment.release,
        "heading": page.heading(deployment),
        "shown_state": page.shown_state(deployment),
        "failed_so_far": page.failed_so_far(deployment),
        "next": page.next_step(deployment),
        "stages": page.stages_of(deployment, given, clock.now()),
        "changes": selectors.changes(deployment),
        "task_groups": page.task_groups(deployment),
        "traffic": page.traffic_of(deployment),
        "proof": page.proof_of(deployment),
        **decided,
        "asks_name": deployment.environment.tier == "production",
        "role": access.role_of(user, system),
        "may_operate": may_operate,
        "waits": waits,
        "may_stop": may_stop,
        "can_abort": deployment.state in {*IN_ROLLOUT, "preparing"} and deployment.abort_requested_at is None,
        "can_roll_back": bool(running and running.pk == deployment.pk and deployment.previous_release_id),
        "is_active": deployment.state in DEPLOYMENT.active,
    }


def _back(deployment: Deployment) -> HttpResponse:
    return redirect("deployments:deployment", deployment.pk)


@require_POST
def start(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """Brings the release that the form names on its way into an environment."""
    found = environment_or_404(request, system, environment)
    require(request, found.system, Capability.PLAN)
    try:
        release_id = UUID(request.POST.get("release", ""))
    except ValueError:
        raise Http404 from None
    releases = Release.objects.filter(system=found.system).select_related("service", "system")
    release = releases.filter(pk=release_id).first()
    if release is None:
        raise Http404
    if found.tier == "production" and not is_confirmed(request, found.slug):
        return redirect("deployments:release", release.pk)
    outcome = deployments.request_deployment(actor_of(request), found, release)
    deployment = tell(request, outcome, f"{release.version} is on its way to {found}.")
    return _back(deployment) if deployment else redirect("deployments:release", release.pk)


@require_POST
def approve(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """Approves exactly the digest that the form carries."""
    deployment = deployment_or_404(request, deployment_id)
    require(request, deployment.environment.system, Capability.APPROVE)
    if deployment.environment.tier == "production" and not is_confirmed(request, deployment.environment.slug):
        return _back(deployment)
    digest, comment = approval_in(request)
    outcome = deployments.approve(actor_of(request), deployment, digest, comment)
    tell(request, outcome, f"You approved {digest[:8]}…{digest[-8:]}.")
    return _back(deployment)


@require_POST
def revoke(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    deployment = deployment_or_404(request, deployment_id)
    require(request, deployment.environment.system, Capability.APPROVE)
    tell(request, deployments.revoke(actor_of(request), deployment), "Your approval is taken back.")
    return _back(deployment)


@require_POST
def abort(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """Ends it: what waits is canceled at once; what runs is taken back, and asks for the environment's name."""
    deployment = deployment_or_404(request, deployment_id)
    waits = deployment.state in NOT_STARTED
    require(request, deployment.environment.system, Capability.PLAN if waits else Capability.OPERATE)
    if not waits and not is_confirmed(request, deployment.environment.slug):
        return _back(deployment)
    done = "It will not start. Nothing was changed." if waits else "The next look takes it back."
    tell(request, deployments.abort(actor_of(request), deployment, reason_in(request)), done)
    return _back(deployment)


@require_POST
def pause(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    deployment = deployment_or_404(request, deployment_id)
    require(request, deployment.environment.system, Capability.OPERATE)
    tell(request, deployments.pause(actor_of(request), deployment), "Paused. It holds until someone goes on.")
    return _back(deployment)


@require_POST
def promote(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    deployment = deployment_or_404(request, deployment_id)
    require(request, deployment.environment.system, Capability.OPERATE)
    tell(request, deployments.promote(actor_of(request), deployment), "It goes on. Success is proved all the same.")
    return _back(deployment)


@require_POST
def roll_back(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """Orders the way back after success: a deployment of its own, to whose page this goes."""
    deployment = deployment_or_404(request, deployment_id)
    require(request, deployment.environment.system, Capability.OPERATE)
    if not is_confirmed(request, deployment.environment.slug):
        return _back(deployment)
    back = tell(request, deployments.rollback(actor_of(request), deployment), "The way back is ordered.")
    return _back(back or deployment)
