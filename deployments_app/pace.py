"""How long a deployment may take and how often it is looked at; in the sandbox all of it is scaled."""

from datetime import datetime, timedelta

from django.conf import settings

from controlplane.lib import clock

DEADLINE = timedelta(minutes=60)
"""For each of rollout, proof and way back. ECS itself gives a rolling deployment no end."""
SHORTEST_PAUSE = timedelta(seconds=0.5)


def scaled(duration: timedelta) -> timedelta:
    return clock.scaled(duration, settings.SLIPWAY_TIME_SCALE)


def pause(seconds: float) -> timedelta:
    """How long to wait before the next look: scaled like everything in the sandbox, but never a busy loop."""
    return max(scaled(timedelta(seconds=seconds)), SHORTEST_PAUSE)


def deadline(begun_at: datetime) -> datetime:
    """When what begins then must be done."""
    return begun_at + scaled(DEADLINE)
