"""State changes of every subject go through here: compare-and-swap, history, doorbell, in one transaction."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction

from controlplane.core.actors import Actor
from controlplane.core.models import System
from controlplane.core.services import audit
from controlplane.lib import live
from controlplane.lib.states import Machine, compare_and_swap


class Subject(Protocol):
    """What can change state: a row that knows its machine, its system and where it shows."""

    pk: UUID
    state: str
    MACHINE: Machine

    @property
    def audit_system(self) -> System: ...
    @property
    def audit_environment(self) -> str: ...
    @property
    def topics(self) -> list[str]: ...


def move(
    actor: Actor,
    row: Any,
    new: str,
    *,
    reason: str = "",
    where: Mapping[str, Any] | None = None,
    **values: Any,
) -> bool:
    """Moves a Subject from the state it has in memory to `new`; False when somebody else was quicker.

    Writes the audit event `<machine>.<new>` and rings the subject's topics on commit.
    """
    subject: Subject = row
    old, machine = subject.state, subject.MACHINE
    with transaction.atomic():
        if not compare_and_swap(row, machine, old, new, where=where, **values):
            return False
        audit.record(
            actor,
            f"{machine.name}.{new}",
            subject=(machine.name, subject.pk),
            system=subject.audit_system,
            environment=subject.audit_environment,
            before={"state": old},
            after={"state": new},
            reason=reason,
        )
        for topic in subject.topics:
            live.ring_on_commit(topic, new)
    return True
