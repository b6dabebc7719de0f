"""However many approve at the same moment: the run is approved once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from controlplane.core.actors import Actor
from controlplane.core.models import Approval, AuditEvent, User
from controlplane.core.services import approvals
from controlplane.lib.errors import Refusal
from environments_app.models import Run
from environments_app.services import claims, runs
from environments_app.services.claims import Claim
from tests import factories

PEOPLE = 24


@pytest.mark.django_db(transaction=True)
def test_many_approvers_at_once() -> None:
    environment = factories.environment(required_approvals=2)
    run = factories.planned_run(environment, factories.member(environment.system, "developer"))
    request = approvals.live_request(runs.subject(run))
    assert request
    people = [factories.member(environment.system, "approver") for _ in range(PEOPLE)]
    start = Barrier(PEOPLE)

    def approve(person: User) -> bool:
        try:
            start.wait()
            return not isinstance(runs.approve(Actor.person(person), run, request.digest), Refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as threads:
        accepted = sum(threads.map(approve, people))
    run.refresh_from_db()
    assert run.state == "approved"
    assert accepted == Approval.objects.count() == 2
    assert AuditEvent.objects.filter(action="run.approved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_revoke_and_a_start_at_once() -> None:
    """Either the approval is taken back and nothing starts, or it starts and the approval stands."""
    environment = factories.environment()
    developer = factories.member(environment.system, "developer")
    anna = Actor.person(factories.member(environment.system, "approver"))
    for _ in range(10):
        run = factories.planned_run(environment, developer)
        request = approvals.live_request(runs.subject(run))
        assert request
        assert not isinstance(runs.approve(anna, run, request.digest), Refusal)
        run.refresh_from_db()
        start = Barrier(2)

        def revoke(run: Run = run, start: Barrier = start) -> bool:
            try:
                start.wait()
                return not isinstance(runs.revoke(anna, run), Refusal)
            finally:
                connection.close()

        def begin(run: Run = run, start: Barrier = start) -> bool:
            try:
                start.wait()
                return isinstance(claims.claim_apply(str(run.pk)), Claim)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as threads:
            revoked, began = threads.submit(revoke), threads.submit(begin)
        assert revoked.result() != began.result()
        run.refresh_from_db()
        request.refresh_from_db()
        assert (run.state, request.state) == (
            ("applying", "complete") if began.result() else ("awaiting_approval", "open")
        )
        assert Approval.objects.filter(request=request, revoked_at=None).count() == (1 if began.result() else 0)
        Run.objects.filter(pk=run.pk).update(state="failed")
        runs.close(run)
