"""Audit events are only added, chained within seconds, and a change or a gap is found."""

from typing import Any

import pytest
from django.db import connection

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent
from controlplane.core.models.audit import AppendOnly
from controlplane.core.services import audit

pytestmark = pytest.mark.django_db


@pytest.fixture
def events() -> list[AuditEvent]:
    made = [audit.record(Actor.slipway("test"), f"thing.{n}", subject=("thing", n), after={"n": n}) for n in range(5)]
    assert audit.seal() == 5
    return made


def sql(statement: str, *arguments: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)


def key(event: AuditEvent) -> str:
    return event.pk.hex if connection.vendor == "sqlite" else str(event.pk)


def test_a_whole_chain_verifies_and_the_tail_is_counted(events: list[AuditEvent]) -> None:
    audit.record(Actor.slipway("test"), "thing.late", subject=("thing", "x"))
    assert audit.verify() == (5, 1, "")
    audit.seal()
    assert audit.verify() == (6, 0, "")


def test_a_changed_event_is_found(events: list[AuditEvent]) -> None:
    sql("UPDATE core_auditevent SET actor_name = 'nobody' WHERE id = %s", key(events[2]))
    assert "was changed" in audit.verify()[2]


def test_a_removed_event_is_found(events: list[AuditEvent]) -> None:
    sql("DELETE FROM core_auditevent WHERE id = %s", key(events[2]))
    assert "missing" in audit.verify()[2]


def test_events_cannot_be_changed_or_deleted_through_the_product(events: list[AuditEvent]) -> None:
    with pytest.raises(AppendOnly):
        events[0].save()
    with pytest.raises(AppendOnly):
        events[0].delete()
    with pytest.raises(AppendOnly):
        AuditEvent.objects.all().delete()
    with pytest.raises(AppendOnly):
        AuditEvent.objects.update(reason="")
