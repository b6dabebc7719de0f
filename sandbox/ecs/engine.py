"""The loop that carries out what the scheduler decides, over every account and region."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from functools import partial

from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends

from sandbox.clock import Clock
from sandbox.commands import CommandMaps
from sandbox.container_logs import ContainerLogs
from sandbox.containers import Containers
from sandbox.ecs.backend import EcsBackend
from sandbox.ecs.kills import interrupt, kill, killable, pick
from sandbox.ecs.lifecycle import Lifecycle
from sandbox.ecs.model import Task
from sandbox.ecs.services import ServiceScheduler
from sandbox.eventloop import EventLoopThread
from sandbox.faults import Fault
from sandbox.moto_ext.elbv2 import FakeTargetGroup
from sandbox.outages import Outages
from sandbox.proxy.listeners import Listeners
from sandbox.targets import CheckSettings, TargetChecks, TargetKey

log = logging.getLogger(__name__)

SERVICES = frozenset({"ecs", "elbv2", "ec2", "autoscaling", "application-autoscaling"})
"""Services (botocore's names) whose state the engine reads or changes by itself."""

_BUSY_PAUSE, _IDLE_PAUSE = 0.03, 0.25  # real seconds


class Engine:
    """Owns everything that lives: the event loop, containers, target checks and the thread that ticks.

    `lock` guards what it looks at and moves (`SERVICES`): the API's calls to those and the state's saving take it too.
    """

    def __init__(
        self, clock: Clock, seed: int, on_change: Callable[[], None], commands: CommandMaps | None = None
    ) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._seed = seed
        self._on_change = on_change
        self._loop = EventLoopThread()
        self.outages = Outages(clock)
        self.commands = commands or CommandMaps()
        self.containers = Containers(self._loop, clock, seed, self.outages)
        self.logs = ContainerLogs()
        self.checks = TargetChecks(clock, self.containers, self._health_changed)
        self.listeners = Listeners(self._loop, clock, self.containers, self.checks)
        self._lifecycle = Lifecycle(self.containers, self.logs, self.commands, self.outages)
        self._scheduler = ServiceScheduler(self.checks)
        self._watched: dict[TargetKey, CheckSettings] = {}
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._changed_targets: deque[TargetKey] = deque()
        self._stumbled: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="sandbox-engine", daemon=True)

    def start(self) -> None:
        self._loop.start()
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._wake.set()
        self._thread.join(timeout=10)
        self._loop.stop()

    def wake(self) -> None:
        self._wake.set()

    def task_counts(self) -> dict[str, int]:
        """Tasks by last status, over all accounts and regions."""
        with self.lock:
            return dict(Counter(task.last_status for backend in _backends() for task in backend.all_tasks()))

    def end_tasks(self, fault: Fault) -> list[str]:
        """Carry out a fault about tasks; the ARNs of those it hit. The same fleet and seed give the same ones."""
        spot = fault.kind == "spot-interruption"
        with self.lock:
            now = self._clock.seconds()
            tasks = killable(
                [task for backend in _backends() for task in backend.all_tasks()],
                cluster=fault.cluster,
                service=fault.service,
            )
            candidates = [task for task in tasks if not spot or task.capacity_provider == "FARGATE_SPOT"]
            hit = pick(candidates, fault.share, fault.times, self._seed)
            for task in hit:
                if spot:
                    interrupt(task, now)
                else:
                    kill(task, now, fault.exit_code)
        return [task.arn for task in hit]

    def tick(self) -> bool:
        """One look at everything; whether something is in motion, so that the next look is due soon."""
        now = self._clock.seconds()
        with self.lock:
            changed, in_motion = self._tick(now)
            changed |= self.logs.flush()
        if changed:
            self._on_change()
        return in_motion

    def forget(self) -> None:
        """The backends have been reset: end what ran for them, and remember nothing of it."""
        with self.lock:
            self._tick(self._clock.seconds())
            self.logs.flush()
            self.containers.forget()
            self.listeners.forget()
            self._stumbled.clear()

    def _tick(self, now: float) -> tuple[bool, bool]:
        """Whether anything changed, and whether anything is on its way to change by itself."""
        changed = in_motion = False
        changed_targets = {self._changed_targets.popleft() for _ in range(len(self._changed_targets))}
        for backend in _backends():
            changed |= self._alone(f"instances of {backend.region_name}", partial(backend.synchronise_instances, now))
            for task in list(backend.all_tasks()):
                moved = self._alone(task.arn, partial(self._lifecycle.advance, backend, task, now))
                changed |= moved
                if (moved or _among(task, changed_targets)) and task.service in backend.services:
                    backend.services[task.service].steady = False
            self._lifecycle.forget_stopped(backend)
            for service in list(backend.services.values()):
                if not service.steady:
                    changed |= self._alone(service.arn, partial(self._scheduler.advance, backend, service, now))
                in_motion |= not (service.steady or service.waits)
            in_motion |= any(task.last_status not in ("RUNNING", "STOPPED") for task in backend.all_tasks())
        self._lifecycle.stop_orphans([task for backend in _backends() for task in backend.all_tasks()])
        self._watch_targets()
        self.listeners.synchronise()
        return changed, changed or in_motion

    def _alone(self, arn: str, advance: Callable[[], bool]) -> bool:
        """What goes wrong with one task or service must not hold up the others; it is logged once."""
        try:
            return advance()
        except Exception:
            if arn not in self._stumbled:
                self._stumbled.add(arn)
                log.exception("the ECS engine stumbled over %s", arn)
            return False

    def _watch_targets(self) -> None:
        wanted = {
            TargetKey(group.arn, target["Id"], target["Port"]): settings
            for group in _target_groups()
            for settings in [group.check_settings()]
            for target in group.targets.values()
            if group.is_checked(target["Id"])
        }
        if wanted != self._watched:
            self._watched = wanted
            self._loop.run(self.checks.watch(wanted))

    def _health_changed(self, target: TargetKey) -> None:
        self._changed_targets.append(target)
        self._wake.set()

    def _run(self) -> None:
        pause = 0.0
        while not self._ending.is_set():
            self._wake.wait(pause)
            self._wake.clear()
            try:
                pause = _BUSY_PAUSE if self.tick() else _IDLE_PAUSE
            except Exception:
                log.exception("the ECS engine stumbled")
                pause = _IDLE_PAUSE


def _among(task: Task, targets: set[TargetKey]) -> bool:
    return bool(targets) and any(TargetKey(each.group_arn, each.id, each.port) in targets for each in task.targets)


def _backends() -> Iterator[EcsBackend]:
    for _, _, backend in list(ecs_backends.iter_backends()):
        yield backend


def _target_groups() -> Iterator[FakeTargetGroup]:
    for _, _, backend in list(elbv2_backends.iter_backends()):
        yield from list(backend.target_groups.values())
