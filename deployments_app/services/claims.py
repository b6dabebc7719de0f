"""Who looks at a deployment: claimed by compare-and-swap under a fencing number, for the length of a look."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from controlplane.core.actors import Actor
from controlplane.core.services import audit, locks
from controlplane.core.services.transitions import move
from controlplane.lib import clock, live
from controlplane.lib.errors import Refusal, SlipwayError
from deployments_app.models import Deployment
from deployments_app.services import deployments
from deployments_app.services.narration import tell
from deployments_app.states import DEPLOYMENT, LOOKED_AFTER

CONTROLLER = Actor.slipway("controller")
HEARTBEAT_SHARE = 3
"""A lease is extended when a third of it has passed."""
AT_ONCE = 100
"""Deployments per look: what one call of DescribeTasks and ten of DescribeServices can see."""


class ClaimLost(SlipwayError):
    """Another look has taken over, or a person decided meanwhile: whoever gets this stops at once."""

    def __init__(self) -> None:
        super().__init__("CLAIM_LOST", "This look was too slow and its claim has passed on.")


class LockLost(SlipwayError):
    """A person broke the service's lock: nothing more may be changed under it."""

    def __init__(self) -> None:
        super().__init__("LOCK_LOST", "The lock of this service was broken, so nothing more is changed.")


def _lease() -> timedelta:
    return timedelta(seconds=settings.SLIPWAY_LEASE_SECONDS)


class Claim:
    """The right to take one step of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment, self.fencing = deployment, deployment.fencing
        self._due_at = deployment.due_at
        self.renew_at = clock.now() + _lease() / HEARTBEAT_SHARE

    def store(self, **values: Any) -> None:
        """Writes fields of the row, if the claim still stands; else raises ClaimLost."""
        mine = Deployment.objects.filter(pk=self.deployment.pk, fencing=self.fencing, state=self.deployment.state)
        if mine.update(**values) != 1:
            raise ClaimLost
        for name, value in values.items():
            setattr(self.deployment, name, value)

    def intend(self, call: str, **details: Any) -> None:
        """Asked right before a call that changes the world: checks claim and lock, writes down what is about to come.

        Raises ClaimLost or LockLost; then the call must not be made.
        """
        now = clock.now()
        intent = {"call": call, "at": now.isoformat(), **details}
        self.store(lease_until=now + _lease(), intent=intent)
        if not any(
            (hold.holder_kind, hold.holder_id) == self.deployment.audit_subject
            for hold in locks.holds(self.deployment.environment_id)
        ):
            raise LockLost

    def tell(self, *lines: str) -> None:
        tell(self.deployment.stream_id, lines)

    @transaction.atomic
    def advance(self, state: str, *lines: str, reason: str = "", **values: Any) -> None:
        """Moves on to `state`, with its words. Final states also say when, free the lock and close the outputs."""
        deployment = self.deployment
        ends = state in DEPLOYMENT.final
        if ends:
            values |= {"finished_at": clock.now(), "due_at": None, "intent": {}, "unknown_since": None}
        values["reason"] = reason[:300]
        # An abort that came while success was being proved is not lost: the next look takes it back.
        unless_aborted = {"abort_requested_at__isnull": True} if state == "succeeded" else {}
        if not _move(deployment, state, reason, {"fencing": self.fencing, **unless_aborted}, values):
            raise ClaimLost
        self.tell(*lines)
        if ends:
            deployments.close(deployment)
            audit.announce(
                f"deployment.{state}",
                deployment.audit_system,
                deployment.audit_environment,
                deployment.audit_subject,
                title=str(deployment),
                reason=reason,
            )

    def put_back(self, after: timedelta) -> None:
        """Ends the look: the next one is due after this time, or at once where a person's wish came meanwhile."""
        mine = Deployment.objects.filter(pk=self.deployment.pk, fencing=self.fencing, state__in=LOOKED_AFTER)
        mine.filter(due_at=self._due_at).update(due_at=clock.now() + after)
        mine.update(lease_until=None)


def _move(deployment: Deployment, state: str, reason: str, where: dict[str, Any], values: dict[str, Any]) -> bool:
    # `reason` is a field of the row as well as the audit trail's word.
    stored = values.pop("reason")
    done = move(CONTROLLER, deployment, state, reason=reason, where=where, **values)
    if done and deployment.reason != stored:
        Deployment.objects.filter(pk=deployment.pk, fencing=deployment.fencing).update(reason=stored)
        deployment.reason = stored
    return done


def claim_due(account_key: str, limit: int = AT_ONCE) -> list[Claim]:
    """Takes the deployments of an account and region that are due and that nobody looks at, rollbacks first."""
    now = clock.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    due = Deployment.objects.filter(free, account_key=account_key, state__in=LOOKED_AFTER, due_at__lte=now)
    related = ("environment__system", "service", "release__service", "release__system")
    rows = due.select_related(*related).prefetch_related("release__images").order_by("-kind", "due_at")[:limit]
    claims = []
    for row in rows:
        values = {"fencing": row.fencing + 1, "lease_until": now + _lease()}
        same = Deployment.objects.filter(pk=row.pk, fencing=row.fencing, state=row.state)
        if same.update(**values) == 1:
            row.fencing = row.fencing + 1
            claims.append(Claim(row))
    return claims


def keep(held: Iterable[Claim]) -> None:
    """Keeps the leases of a look that takes long, because AWS is slow; a lost one shows at its next write."""
    now = clock.now()
    for claim in held:
        if now >= claim.renew_at:
            mine = Deployment.objects.filter(pk=claim.deployment.pk, fencing=claim.fencing)
            mine.update(lease_until=now + _lease())
            claim.renew_at = now + _lease() / HEARTBEAT_SHARE


def due_keys() -> list[str]:
    """The accounts and regions in which something is due."""
    now = clock.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    due = Deployment.objects.filter(free, state__in=LOOKED_AFTER, due_at__lte=now)
    return list(due.order_by().values_list("account_key", flat=True).distinct())


def take_lock(deployment: Deployment) -> Refusal | None:
    """The service's lock, for this deployment; a Refusal says who has it."""
    why = f"{'roll back to' if deployment.kind == 'rollback' else 'release'} {deployment.release.version}"
    held = locks.acquire(
        Actor.slipway(deployment.requester_name),
        deployment.environment_id,
        deployment.audit_subject,
        why,
        service=deployment.service.slug,
        exclusive=False,
    )
    return held if isinstance(held, Refusal) else None


def ring(deployment: Deployment) -> None:
    """Tells the pages that show it that a look has read something new."""
    live.ring_on_commit(f"deployment:{deployment.pk}", deployment.state)
