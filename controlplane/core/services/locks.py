"""Taking, freeing and breaking an environment's change lock. It says who, since when and why."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F

from controlplane.core.actors import Actor
from controlplane.core.models import LockCounter, LockHold
from controlplane.lib.errors import Refusal


def holds(environment_id: UUID) -> list[LockHold]:
    """Everything that holds the environment now, oldest first."""
    return list(LockHold.objects.filter(environment_id=environment_id).order_by("since"))


def _locked_fencing(environment_id: UUID) -> int:
    LockCounter.objects.get_or_create(environment_id=environment_id)
    LockCounter.objects.select_for_update().get(environment_id=environment_id)
    LockCounter.objects.filter(environment_id=environment_id).update(fencing=F("fencing") + 1)
    return LockCounter.objects.values_list("fencing", flat=True).get(environment_id=environment_id)


def _refusal(standing: Sequence[LockHold]) -> Refusal:
    hold = standing[0]
    return Refusal(
        "LOCKED",
        f"Locked by {hold.who} since {hold.since:%Y-%m-%d %H:%M} UTC: {hold.why}.",
        409,
        {"holder": f"{hold.holder_kind}:{hold.holder_id}", "since": hold.since.isoformat(), "why": hold.why},
    )


@transaction.atomic
def acquire(
    actor: Actor, environment_id: UUID, holder: tuple[str, UUID], why: str, *, service: str = "", exclusive: bool
) -> LockHold | Refusal:
    """Takes the lock: exclusively (nobody else in the environment), or shared for one `service`.

    Asking again with the same holder returns the hold it has. The hold's fencing number is higher than any before.
    """
    fencing = _locked_fencing(environment_id)
    standing = holds(environment_id)
    for hold in standing:
        if (hold.holder_kind, hold.holder_id) == holder:
            return hold
    in_the_way = [hold for hold in standing if exclusive or hold.exclusive or hold.service == service]
    if in_the_way:
        return _refusal(in_the_way)
    return LockHold.objects.create(
        environment_id=environment_id,
        service="" if exclusive else service,
        exclusive=exclusive,
        holder_kind=holder[0],
        holder_id=holder[1],
        who=actor.name,
        why=why,
        fencing=fencing,
    )


def release(holder: tuple[str, UUID]) -> bool:
    """Frees what this holder holds; False when it held nothing."""
    return bool(LockHold.objects.filter(holder_kind=holder[0], holder_id=holder[1]).delete()[0])


def still_holds(holder: tuple[str, UUID], fencing: int) -> bool:
    """Whether the hold with this fencing number stands: asked before every call that changes the world."""
    return LockHold.objects.filter(holder_kind=holder[0], holder_id=holder[1], fencing=fencing).exists()
