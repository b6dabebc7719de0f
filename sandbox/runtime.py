"""One running sandbox: its parts, how they start, stop and forget."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.base_backend import BackendDict

from sandbox.calls import CallLog
from sandbox.clock import Clock, ClockState
from sandbox.commands import CommandMaps
from sandbox.ecs.backend import EcsBackend
from sandbox.ecs.capacity import runs_tasks
from sandbox.ecs.engine import Engine
from sandbox.ecs.responses import EcsResponse
from sandbox.faults import Fault, Faults
from sandbox.metrics.evaluator import FORCED
from sandbox.metrics.monitor import Monitor
from sandbox.money.meter import Meter
from sandbox.moto_ext.applicationautoscaling import ApplicationAutoscalingBackend
from sandbox.moto_ext.cloudwatch import CloudWatchBackend
from sandbox.moto_ext.costexplorer import CostExplorerResponse
from sandbox.moto_ext.elbv2 import FakeTargetGroup
from sandbox.moto_ext.sns import Subscription
from sandbox.notifications.delivery import Outbox
from sandbox.persistence import Store
from sandbox.scaling.scaler import Scaler

_RELEASED = "The ordered fault was taken back"


class Sandbox:
    """The composition: clock, faults, call record, ECS engine and state folder around moto's global backends."""

    def __init__(self, data: Path, *, seed: int = 0, scale: float = 1.0, commands: CommandMaps | None = None) -> None:
        self.clock = Clock(scale)
        self.calls = CallLog()
        self.faults = Faults(seed, self._carry_out)
        self.engine = Engine(self.clock, seed, self._mark_changed, commands)
        FakeTargetGroup.clock, FakeTargetGroup.look = self.clock, self.engine.checks.state
        FakeTargetGroup.runs_tasks = runs_tasks
        EcsBackend.outages = self.engine.outages
        EcsResponse.clock = self.clock
        CloudWatchBackend.clock = self.clock
        Subscription.outbox = self.outbox = Outbox(self.clock)
        self.monitor = Monitor(self.clock, self.engine, self._forced_alarms, self._mark_changed)
        self.scaler = Scaler(self.clock, self.engine.lock, self.changed)
        ApplicationAutoscalingBackend.clock = self.clock
        CostExplorerResponse.meter = self.meter = Meter(self.clock, self.engine.lock)
        self.store = Store(data, self._own_state, self.engine.lock)

    def start(self) -> None:
        saved = self.store.load()
        if saved:
            self.clock.resume(ClockState(**saved["clock"]), saved.get("timeline"))
            self.engine.listeners.ports.update(saved["listener_ports"])
            self.engine.commands.resume(saved.get("commands", ()))
        self.store.start()
        self.engine.start()
        self.monitor.start()
        self.scaler.start()
        self.meter.start()

    def stop(self) -> None:
        self.meter.stop()
        self.scaler.stop()
        self.monitor.stop()
        self.outbox.stop()
        self.engine.stop()
        self.store.close()

    def changed(self) -> None:
        """An API call changed something: save soon, and let the engine look."""
        self.store.mark_changed()
        self.engine.wake()

    def reset(self) -> None:
        """Forget everything, as if started on an empty folder; only sandbox time and its scale go on."""
        self.faults.clear()
        with self.engine.lock:
            BackendDict.reset()
            self.engine.forget()
        self.outbox.forget()
        self.calls.clear()
        self.engine.commands.take_back()
        self.engine.wake()
        self.store.save()

    def _forced_alarms(self) -> set[str]:
        return {fault.alarm for fault in self.faults.list() if fault.kind == "alarm"}

    def _mark_changed(self) -> None:
        self.store.mark_changed()

    def _own_state(self) -> dict[str, Any]:
        return {
            "clock": asdict(self.clock.state()),
            "timeline": self.clock.timeline,
            "listener_ports": dict(self.engine.listeners.ports),
            "commands": self.engine.commands.saved(),
        }

    def _carry_out(self, fault: Fault, in_force: bool) -> None:
        """What an ordered fault does by itself, and how it is taken back."""
        if fault.kind == "alarm" and (in_force or fault.alarm not in self._forced_alarms()):
            force_alarm(fault.alarm, in_force)
        elif fault.kind == "zone" and in_force:
            self.engine.outages.lose(fault.zone)
        elif fault.kind == "zone" and fault.zone not in {each.zone for each in self.faults.list()}:
            self.engine.outages.bring_back(fault.zone)
        elif fault.kind in ("kill-tasks", "spot-interruption") and in_force:
            fault.hit = self.engine.end_tasks(fault)
        self.changed()


def alarm_exists(name: str) -> bool:
    """Whether any account and region has an alarm of this name."""
    return any(_alarm_owners(name))


def force_alarm(name: str, in_alarm: bool) -> None:
    """Put every alarm of this name into ALARM, or back to OK."""
    reason, state = (FORCED, "ALARM") if in_alarm else (_RELEASED, "OK")
    for backend in _alarm_owners(name):
        backend.set_alarm_state(name, reason, "{}", state)


def _alarm_owners(name: str) -> list[Any]:
    backends = [backend for _, _, backend in list(cloudwatch_backends.iter_backends())]
    return [backend for backend in backends if name in backend.alarms]
