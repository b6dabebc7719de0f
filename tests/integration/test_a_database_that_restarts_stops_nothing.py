"""Terraform goes on while the database is away for a moment: output waits, the claim stands until the lease ends."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from controlplane.core.models import OutputChunk
from controlplane.core.services import output
from controlplane.lib import clock
from controlplane.lib.database import AWAY
from environments_app.models import Run
from environments_app.services import claims
from environments_app.services.claims import Claim
from tests import factories
from tests.away import away
from tests.sandbox_fixture import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def claim() -> Claim:
    environment = factories.environment()
    run = factories.run(environment, factories.member(environment.system, "operator"))
    found = claims.claim_plan(str(run.pk))
    assert found
    return found


def texts(claim: Claim) -> list[str]:
    assert claim.run.stream_id
    return [line.text for line in output.lines_after(claim.run.stream_id, 0, 100)]


def test_output_waits_and_loses_nothing(claim: Claim, caplog: pytest.LogCaptureFixture) -> None:
    assert claim.run.stream
    writer = output.OutputWriter(claim.run.stream)
    writer.line("before")
    eventually(lambda: texts(claim) == ["before"], why="the first line is stored")
    with away(OutputChunk), caplog.at_level(logging.WARNING):
        writer.line("meanwhile")
        eventually(lambda: "the database is away" in caplog.text, why="the writer has tried")
        writer.line("still")
    connection.close()
    writer.close()
    assert texts(claim) == ["before", "meanwhile", "still"]


def test_a_chunk_whose_answer_was_lost_is_not_stored_twice(claim: Claim) -> None:
    assert claim.run.stream
    chunk = {"stream": claim.run.stream, "first_line": 1, "last_line": 1}
    moment = clock.now()
    OutputChunk.objects.create(**chunk, data=output.encode([(int(moment.timestamp() * 1000), "once")]))
    again = OutputChunk(**chunk, data=output.encode([(int(moment.timestamp() * 1000), "once")]))
    output.insert_once(again)
    assert texts(claim) == ["once"]


def test_a_heartbeat_that_finds_no_database_is_made_up_for(claim: Claim, settings: Any) -> None:
    lease = Run.objects.get(pk=claim.run.pk).lease_until
    assert lease
    with clock.moved(timedelta(seconds=settings.SLIPWAY_LEASE_SECONDS / 2)):
        with away(Run):
            claim.heartbeat()
            assert not claim.wants_cancel()
        claim.heartbeat()
        renewed = Run.objects.get(pk=claim.run.pk).lease_until
        assert renewed
        assert renewed > lease


def test_after_the_lease_it_is_over(claim: Claim) -> None:
    with clock.moved(timedelta(hours=1)), away(Run), pytest.raises(AWAY):
        claim.heartbeat()
    connection.close()
