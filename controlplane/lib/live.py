"""Small typed events to browsers: doorbells and status words, never data."""

import logging
from dataclasses import asdict, dataclass

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Changed:
    """Something about `topic` changed: whoever shows it reads it again. `what` is a state or a short word."""

    topic: str
    what: str = ""


def group_of(topic: str) -> str:
    """The channel layer's group for a topic such as "run:<uuid>" (groups allow only letters, digits, -._)."""
    return "live." + topic.replace(":", ".").replace("/", "_")


def ring(topic: str, what: str = "") -> None:
    """Tells the watchers of `topic` now. Losing it is fine: pages also look by themselves."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group_of(topic), {"type": "changed", **asdict(Changed(topic, what))})
    except (RedisError, OSError, RuntimeError) as error:
        log.warning("nobody was told that %s changed: %s", topic, error)


def ring_on_commit(topic: str, what: str = "") -> None:
    """Tells the watchers once the transaction is committed."""
    transaction.on_commit(lambda: ring(topic, what))
