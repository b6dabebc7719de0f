"""The thread that runs scheduled actions when they are due, and the hook through which alarms reach policies."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends

from sandbox.clock import Clock
from sandbox.metrics import actions
from sandbox.metrics.actions import AlarmNotice
from sandbox.scaling import changes

log = logging.getLogger(__name__)

_PAUSE = 0.25  # real seconds between two looks


class Scaler:
    """`lock` is the engine's: desired counts are ECS's state. `wake` makes the engine look at them."""

    def __init__(self, clock: Clock, lock: threading.RLock, wake: Callable[[], None]) -> None:
        self._clock = clock
        self._lock = lock
        self._wake = wake
        self._looked_at = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-scaler", daemon=True)
        actions.register("autoscaling", self.on_alarm, every_evaluation=True)

    def start(self) -> None:
        self._looked_at = self._clock.epoch()
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(timeout=10)

    def on_alarm(self, action_arn: str, notice: AlarmNotice) -> None:
        """An alarm that names a policy is in some state. Raises KeyError where there is no such policy."""
        arn = action_arn.partition(":createdBy/")[0]
        if ":resource/" not in arn:
            return  # a policy of an EC2 Auto Scaling group, which is moto's
        backend = applicationautoscaling_backends[notice.account][notice.region]
        with self._lock:
            policy = next((each for each in backend.policies.values() if each.policy_arn == arn), None)
            if policy is None:
                raise KeyError(f"the scaling policy {arn} does not exist")
            changed = changes.act(backend, policy, notice, self._clock.seconds())
        if changed:
            self._wake()

    def look(self) -> None:
        """Whatever is due by now."""
        now = self._clock.epoch()
        changed = False
        with self._lock:
            for backend in _backends():
                changed |= changes.run_schedule(backend, self._looked_at, now)
                changed |= changes.follow_up(backend)
            self._looked_at = now
        if changed:
            self._wake()

    def _run(self) -> None:
        while not self._ending.wait(_PAUSE):
            try:
                self.look()
            except Exception:
                log.exception("the scaler stumbled")


def _backends() -> Iterator[Any]:
    for _, _, backend in list(applicationautoscaling_backends.iter_backends()):
        yield backend
