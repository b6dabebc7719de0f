"""The thread that looks at everything once per sandbox minute, reports it to CloudWatch and evaluates the alarms."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime

from moto.ce.models import ce_backends
from moto.ecs.models import ecs_backends

from sandbox.clock import Clock
from sandbox.ecs.engine import Engine
from sandbox.metrics.balancer_readings import balancer_readings
from sandbox.metrics.billing_readings import billing_readings
from sandbox.metrics.data_readings import data_readings
from sandbox.metrics.ecs_readings import ecs_readings
from sandbox.metrics.evaluator import HIGH_RESOLUTION, MINUTE, Evaluator
from sandbox.metrics.readings import Reading
from sandbox.metrics.store import Metric, dimensions_of, point_of, store_of

log = logging.getLogger(__name__)

_LEAST_PAUSE, _MOST_PAUSE = 0.05, 0.5  # real seconds between two looks at the clock
_SAVED_EVERY = 10.0  # real seconds: figures alone are no reason to save more often
_MOST_MINUTES = 180  # that one look reports where it comes late, or time was advanced


class Monitor:
    """Figures are those of the minute that has just ended. `forced`: alarms that an ordered fault holds."""

    def __init__(
        self, clock: Clock, engine: Engine, forced: Callable[[], Collection[str]], on_change: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._engine = engine
        self._on_change = on_change
        self._evaluator = Evaluator(clock, forced)
        self._looked_at = 0.0
        self._saved_at = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-monitor", daemon=True)

    def start(self) -> None:
        self._looked_at = _floor(self._clock.epoch(), HIGH_RESOLUTION)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(timeout=10)

    def look(self) -> None:
        """Whatever is due by now."""
        now = _floor(self._clock.epoch(), HIGH_RESOLUTION)
        if now <= self._looked_at:
            return
        minute, before = _floor(now, MINUTE), _floor(self._looked_at, MINUTE)
        due = minute > before
        with self._engine.lock:
            changed = self._evaluator.hold()
            if due:
                self._report(before, minute)
                changed |= self._evaluator.evaluate(minute)
            if now > minute and self._evaluator.any_high_resolution():
                changed |= self._evaluator.evaluate(now)
            self._looked_at = now
        if changed or (due and time.monotonic() - self._saved_at > _SAVED_EVERY):
            self._saved_at = time.monotonic()
            self._on_change()

    def _report(self, start: float, end: float) -> None:
        """The minutes from `start` until `end`: what holds is reported for each of them, counts for the last one."""
        minutes = range(int(max(start, end - _MOST_MINUTES * MINUTE)), int(end), MINUTE)
        for reading in self._readings(end - start):
            store = store_of(reading.account, reading.region)
            metric = Metric(reading.namespace, reading.name, dimensions_of(reading.dimensions))
            for minute in minutes if reading.momentary else minutes[-1:]:
                if not (reading.assumed and store.points(metric, minute, minute + MINUTE)):
                    store.add(metric, reading.unit, point_of(minute, reading.values))

    def _readings(self, seconds: float) -> Iterator[Reading]:
        served = self._engine.containers.take_served()
        now = self._clock.seconds()
        for account, region, backend in list(ecs_backends.iter_backends()):
            yield from ecs_readings(backend, served, now, seconds)
            running = sum(bool(task.service) and task.last_status == "RUNNING" for task in backend.all_tasks())
            yield from data_readings(account, region, running)
        for account, _, costs in list(ce_backends.iter_backends()):
            yield from billing_readings(account, costs.ledger, datetime.now(UTC).date())
        listeners = self._engine.listeners
        yield from balancer_readings(listeners.counts.drain(), listeners.hosts())

    def _run(self) -> None:
        while not self._ending.wait(self._pause()):
            try:
                self.look()
            except Exception:
                log.exception("the monitor stumbled")

    def _pause(self) -> float:
        """Real seconds until the next 10 sandbox seconds are full, within bounds: the clock may be moved meanwhile."""
        left = HIGH_RESOLUTION - self._clock.epoch() % HIGH_RESOLUTION
        return min(max(self._clock.real(left), _LEAST_PAUSE), _MOST_PAUSE)


def _floor(moment: float, step: int) -> float:
    return float(math.floor(moment / step) * step)
