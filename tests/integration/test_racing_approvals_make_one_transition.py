"""However many approve at the same moment: the run is approved once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from controlplane.core.actors import Actor
from controlplane.core.models import Approval, AuditEvent, User
from controlplane.core.services import approvals
from controlplane.lib.errors import Refusal
from environments_app.services import runs
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
