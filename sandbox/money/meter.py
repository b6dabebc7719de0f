"""The thread that writes what runs into the account book."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from decimal import Decimal

from moto.ce.models import ce_backends
from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.rds.models import rds_backends
from moto.s3.models import s3_backends

from sandbox.clock import Clock
from sandbox.money.metering import rates
from sandbox.money.usage import Rate

log = logging.getLogger(__name__)

_PAUSE = 2.0  # real seconds between two looks
_PARTITION = "aws"


class Meter:
    """`lock` is the engine's: what runs is its state."""

    def __init__(self, clock: Clock, lock: threading.RLock) -> None:
        self._clock = clock
        self._lock = lock
        self._looked_at = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-meter", daemon=True)

    def start(self) -> None:
        self._looked_at = self._clock.seconds()
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(timeout=10)

    def look(self) -> None:
        """Charge for the time since the last look."""
        with self._lock:
            now = self._clock.seconds()
            hours = Decimal(now - self._looked_at) / 3_600
            self._looked_at = now
            for account in _accounts():
                if running := list(rates(account)):
                    ce_backends[account][_PARTITION].ledger.note(datetime.now(UTC).date(), running, hours)

    def running(self, account: str) -> list[Rate]:
        with self._lock:
            return list(rates(account))

    def _run(self) -> None:
        while not self._ending.wait(_PAUSE):
            try:
                self.look()
            except Exception:
                log.exception("the meter stumbled")


def _accounts() -> set[str]:
    return {
        account for services in (ec2_backends, ecs_backends, rds_backends, s3_backends) for account in list(services)
    }
