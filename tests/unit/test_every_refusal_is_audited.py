"""Whatever a verb refuses stands in the audit trail, with its words."""

from collections.abc import Callable

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent
from controlplane.lib.errors import Refusal
from deployments_app.models import Deployment
from deployments_app.services import deployments
from environments_app.models import Environment, Run
from environments_app.services import runs
from tests import factories, release_world

pytestmark = pytest.mark.django_db

VERBS: list[tuple[str, str, Callable[[Actor, Run, Environment], object]]] = [
    ("run.requested", "FORBIDDEN", lambda actor, run, env: runs.request_run(actor, env, "destroy")),
    ("run.requested", "NOTHING_APPLIED", lambda actor, run, env: runs.request_run(actor, env, "drift")),
    ("run.cancel_requested", "NOT_RUNNING", lambda actor, run, env: runs.cancel(actor, run)),
    ("run.discarded", "TOO_LATE", lambda actor, run, env: runs.discard(actor, run)),
    ("run.reconcile_requested", "NOT_UNKNOWN", lambda actor, run, env: runs.reconcile(actor, run)),
    ("lock.broken", "NOT_LOCKED", lambda actor, run, env: runs.break_lock(actor, env, "because")),
    ("approval.revoked", "TOO_LATE", lambda actor, run, env: runs.revoke(actor, run)),
    ("approval.refused", "NOT_WAITING", lambda actor, run, env: runs.approve(actor, run, "x")),
]


@pytest.mark.parametrize(("action", "code", "verb"), VERBS, ids=[f"{action}-{code}" for action, code, _ in VERBS])
def test_a_refusal_leaves_an_event(action: str, code: str, verb: Callable[[Actor, Run, Environment], object]) -> None:
    environment = factories.environment()
    operator = factories.member(environment.system, "developer" if code == "FORBIDDEN" else "operator")
    run = factories.run(environment, operator)
    Run.objects.filter(pk=run.pk).update(state="failed")
    run.refresh_from_db()
    outcome = verb(Actor.person(operator), run, environment)
    assert isinstance(outcome, Refusal)
    assert outcome.code == code
    event = AuditEvent.objects.get(action=action, refused=True)
    assert (event.after, event.reason) == ({"code": code}, outcome.message)
    assert event.system == environment.system


OF_DEPLOYMENTS: list[tuple[str, str, Callable[[Actor, Deployment], object]]] = [
    ("approval.revoked", "TOO_LATE", lambda actor, row: deployments.revoke(actor, row)),
    ("approval.refused", "NOT_WAITING", lambda actor, row: deployments.approve(actor, row, "x")),
    ("deployment.abort_requested", "NOT_RUNNING", lambda actor, row: deployments.abort(actor, row)),
    ("deployment.paused", "NOT_PAUSABLE", lambda actor, row: deployments.pause(actor, row)),
    ("deployment.promoted", "NOTHING_TO_PROMOTE", lambda actor, row: deployments.promote(actor, row)),
    ("deployment.rollback_requested", "NOTHING_BEFORE", lambda actor, row: deployments.rollback(actor, row)),
]


@pytest.mark.parametrize("role", ["operator", "viewer"])
@pytest.mark.parametrize(("action", "code", "verb"), OF_DEPLOYMENTS, ids=[action for action, _, _ in OF_DEPLOYMENTS])
def test_a_refusal_of_a_deployment_leaves_one_event(
    action: str, code: str, verb: Callable[[Actor, Deployment], object], role: str
) -> None:
    environment = factories.environment()
    release_world.provisioned(environment, release_world.outputs())
    row = release_world.succeeded(release_world.asked(environment))
    refused = verb(release_world.person(environment, role), row)
    assert isinstance(refused, Refusal)
    if role == "operator":
        assert refused.code == code
    event = AuditEvent.objects.get(action=action, refused=True)
    assert (event.subject_id, event.reason) == (str(row.pk), refused.message)
