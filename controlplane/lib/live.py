"""Small typed events to browsers: doorbells and status words, never data."""

import asyncio
import logging
import os
import threading
import time
from dataclasses import asdict, dataclass

from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

RING_SECONDS = 1.0
"""How long a ring may hold up whoever rings."""
SILENT_SECONDS = 2.0
"""After a ring that failed nobody rings for a while: without Redis, work must not wait at every event."""


@dataclass(frozen=True)
class Changed:
    """Something about `topic` changed: whoever shows it reads it again. `what` is a state or a short word."""

    topic: str
    what: str = ""


def group_of(topic: str) -> str:
    """The channel layer's group for a topic such as "run:<uuid>" (groups allow only letters, digits, -._)."""
    return "live." + topic.replace(":", ".").replace("/", "_")


class _Bell:
    """Rings from an event loop in a thread of its own: its connection to Redis stays open from ring to ring."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._silent_until = 0.0
        threading.Thread(target=self._loop.run_forever, name="bell", daemon=True).start()

    def ring(self, changed: Changed) -> None:
        layer = get_channel_layer()
        if layer is None or time.monotonic() < self._silent_until:
            return
        sending = layer.group_send(group_of(changed.topic), {"type": "changed", **asdict(changed)})
        future = asyncio.run_coroutine_threadsafe(sending, self._loop)
        try:
            future.result(RING_SECONDS)
        except (RedisError, OSError) as error:  # a TimeoutError is an OSError
            future.cancel()
            self._silent_until = time.monotonic() + SILENT_SECONDS
            log.warning("nobody was told that %s changed: %r", changed.topic, error)


_bells: dict[int, _Bell] = {}
"""By process: a forked work-horse has its parent's memory, but not its threads."""


def ring(topic: str, what: str = "") -> None:
    """Tells the watchers of `topic` now. Losing it is fine: pages also look by themselves."""
    bell = _bells.get(os.getpid())
    if bell is None:
        bell = _bells.setdefault(os.getpid(), _Bell())
    bell.ring(Changed(topic, what))


def ring_on_commit(topic: str, what: str = "") -> None:
    """Tells the watchers once the transaction is committed."""
    transaction.on_commit(lambda: ring(topic, what))
