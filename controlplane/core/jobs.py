"""The sweeps of core: sealing the audit trail, ending approvals, compacting output."""

from datetime import timedelta

from controlplane.core.actors import Actor
from controlplane.core.models import OutputStream
from controlplane.core.services import approvals, audit, output
from controlplane.lib import clock

SETTLED = timedelta(minutes=1)
"""How long after its end an output is compacted: readers that follow it have then caught up."""


def seal_audit() -> None:
    audit.seal()


def expire_approvals() -> None:
    approvals.expire(Actor.slipway("scheduler"))


def sweep_output() -> None:
    ended = OutputStream.objects.filter(closed_at__lt=clock.now() - SETTLED, compacted_at__isnull=True)
    for stream_id in ended.values_list("pk", flat=True)[:50]:
        output.compact(stream_id)
