"""How Slipway itself is: is Redis there, do workers listen? For the foot of every page."""

from dataclasses import dataclass

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout
from redis.retry import Retry
from rq import Worker

from controlplane.pages import words

PATIENCE = 1.0
"""Seconds that a page waits for Redis: a page must not hang because the bell is broken."""


@dataclass(frozen=True)
class Plant:
    """`redis` is a word of the status vocabulary; `workers` a sentence part."""

    redis: str
    redis_word: str
    workers: str


def count_workers() -> int:
    """How many workers are registered; asks Redis once. Raises RedisError or OSError where it does not answer."""
    connection = Redis.from_url(
        str(settings.RQ_QUEUES["default"]["URL"]),
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return int(Worker.count(connection=connection))
    finally:
        connection.close()


def look() -> Plant:
    """In words. Where Redis does not answer, nothing is lost: work waits in the database."""
    try:
        workers = count_workers()
    except RedisTimeout:
        return Plant("unknown", "Redis is slow to answer", "Workers unknown")
    except (RedisError, OSError):
        return Plant("failed", "Redis does not answer, new work waits", "Workers unknown")
    if not workers:
        return Plant("OK", "Redis OK", "No worker, new work waits")
    return Plant("OK", "Redis OK", words.plural(workers, "worker"))
