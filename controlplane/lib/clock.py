"""The one clock. Everything that asks for the time asks here, so that tests can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC) + _offset


def scaled(duration: timedelta, scale: float) -> timedelta:
    """A bake, pause or schedule as it really lasts when time runs `scale` times as fast (sandbox only)."""
    return duration / scale


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """For tests: the clock stands `by` later inside the block."""
    global _offset
    before = _offset
    _offset = before + by
    try:
        yield
    finally:
        _offset = before
