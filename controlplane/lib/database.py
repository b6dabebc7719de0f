"""The database may be away for a moment: it restarts, fails over, is locked for long. What can wait, waits."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

log = logging.getLogger(__name__)
T = TypeVar("T")

AWAY = (OperationalError, InterfaceError)
"""What Django raises where the same may work in a moment, on a new connection."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


def patiently(work: Callable[[], T], seconds: float) -> T:
    """Does `work`, again and again while the database is away, for `seconds` at the most; raises its last error.

    `work` must be right to be done twice: the answer of the first time may have been lost, and not the deed.
    """
    until, pause = time.monotonic() + seconds, FIRST_PAUSE
    while True:
        try:
            return work()
        except AWAY as error:
            if time.monotonic() + pause > until:
                raise
            log.warning("the database is away (%r), tried again in %.1f s", error, pause)
            connection.close()
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
