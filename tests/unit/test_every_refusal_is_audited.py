"""Whatever a verb refuses stands in the audit trail, with its words."""

from collections.abc import Callable

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent
from controlplane.lib.errors import Refusal
from environments_app.models import Environment, Run
from environments_app.services import runs
from tests import factories

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
