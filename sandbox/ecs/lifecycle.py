"""Carries tasks through their states: pulls, starts, registers, deregisters and stops what is real of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from moto.elbv2.models import elbv2_backends

from sandbox.behaviours import Behaviour
from sandbox.commands import CannotStart, CommandMaps, MappedCommand
from sandbox.container_logs import ContainerLogs, LogGroupMissing, destination, open_stream
from sandbox.containers import Containers, ContainerSpec
from sandbox.ecs.backend import EcsBackend
from sandbox.ecs.capacity import endpoints
from sandbox.ecs.model import Container, Revision, Service, Target, Task, utcnow
from sandbox.ecs.placement import no_address
from sandbox.ecs.rollouts import add_event
from sandbox.ecs.scheduling import container_health
from sandbox.ecs.tasks import (
    DEFAULT_STOP_TIMEOUT,
    PULL_SECONDS,
    begin_stop,
    container_ages_well,
    ending,
    exit_container,
    next_stop_state,
)
from sandbox.images import ImageNotFound, pull_image, repository_of
from sandbox.moto_ext.elbv2 import FakeTargetGroup
from sandbox.outages import Outages
from sandbox.usage import memory_limit, usage

STOPPED_KEPT = timedelta(hours=1)  # ECS shows a stopped task for at least an hour
_EXITED = "Essential container in task exited"
_OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
_KILLED = 137


def _silent(line: str) -> None:
    """A container without a log driver writes nowhere."""


class Lifecycle:
    def __init__(self, containers: Containers, logs: ContainerLogs, commands: CommandMaps, outages: Outages) -> None:
        self._containers = containers
        self._logs = logs
        self._commands = commands
        self._outages = outages

    def advance(self, backend: EcsBackend, task: Task, now: float) -> bool:
        """Move the task as far as it has come by `now`; whether anything about it changed."""
        before = task.version
        if task.last_status == "STOPPED":
            return False
        if task.meant_to_run and self._outages.noticed(task.availability_zone):
            begin_stop(task, now, "TerminationNotice", f"The availability zone {task.availability_zone} was lost.")
        if task.meant_to_run:
            self._towards_running(backend, task, now)
        while not task.meant_to_run and task.last_status != "STOPPED" and self._step_is_due(task, now):
            self._one_step_down(backend, task, now)
        return task.version != before

    def stop_orphans(self, tasks: Iterable[Task]) -> None:
        """End every container that no task wants any more, however it came to that (a stop, a reset)."""
        wanted = {each.runtime_id for task in tasks for each in task.containers if each.last_status == "RUNNING"}
        for runtime_id in self._containers.ids() - wanted:
            self._containers.stop(runtime_id)

    def forget_stopped(self, backend: EcsBackend) -> None:
        oldest = utcnow() - STOPPED_KEPT
        for tasks in backend.tasks.values():
            for arn in [arn for arn, task in tasks.items() if task.stopped_at and task.stopped_at < oldest]:
                del tasks[arn]

    def _towards_running(self, backend: EcsBackend, task: Task, now: float) -> None:
        if task.last_status == "PROVISIONING" and now >= task.step_due and not task.private_ip:
            begin_stop(task, now, "TaskFailedToStart", no_address(task.subnet_id, public=task.public_ip))
        elif task.last_status == "PROVISIONING" and now >= task.step_due:
            task.last_status, task.pull_started_at = "PENDING", utcnow()
            task.step_due = now + PULL_SECONDS
            task.version += 1
        elif task.last_status == "PENDING" and now >= task.step_due:
            self._start(backend, task, now)
        elif task.last_status == "RUNNING":
            self._revive(backend, task)
            self._watch_containers(task, now)

    def _start(self, backend: EcsBackend, task: Task, now: float) -> None:
        task.version += 1
        try:
            self._pull(backend, task)
        except (ImageNotFound, LogGroupMissing) as error:
            begin_stop(task, now, "TaskFailedToStart", str(error))
            return
        for container in task.containers:
            container.last_status = "RUNNING"
            try:
                self._begin(backend, task, container, now)
            except CannotStart as error:
                container.last_status, container.reason = "STOPPED", str(error)
                begin_stop(task, now, "TaskFailedToStart", str(error))
                return
        if any(each.last_status == "STOPPED" and each.essential for each in task.containers):
            begin_stop(task, now, "EssentialContainerExited", _EXITED)
            return
        task.last_status, task.started_at, task.running_since = "RUNNING", utcnow(), now
        self._register(backend, task)

    def _pull(self, backend: EcsBackend, task: Task) -> None:
        for container in task.containers:
            try:
                pulled = pull_image(container.image)
            except ImageNotFound as error:
                container.reason = str(error)
                raise
            container.image_digest, container.behaviour = pulled.digest, pulled.behaviour
            place = destination(container.definition, task.id, backend.account_id, backend.region_name)
            if place:
                open_stream(place[0], create_group=place[1])
        task.pull_stopped_at = utcnow()

    def _begin(self, backend: EcsBackend, task: Task, container: Container, now: float) -> None:
        write = self._log_of(backend, task, container)
        write(f"starting {container.image}")
        if self._command_of(task, container) is not None:
            container.behaviour = Behaviour()  # the command behaves as it does, and ends when it ends
            self._serve(backend, task, container, now)
            return
        end = ending(container, container.behaviour, in_service=task.service is not None)
        if end is not None and end[1] == 0:
            write(f"fatal: exiting with code {end[0]}")
            exit_container(container, end[0])
            return
        if end is not None:
            container.exit_due = now + end[1]
        self._serve(backend, task, container, now)

    def _serve(self, backend: EcsBackend, task: Task, container: Container, started_at: float) -> None:
        groups = [self._group(backend, each) for each in self._wanted_targets(backend, task)]
        command = self._command_of(task, container)
        self._containers.start(
            ContainerSpec(
                runtime_id=container.runtime_id,
                reached_at={} if container.job else endpoints(task, container.name, container.ports),
                behaviour=container.behaviour,
                log=self._log_of(backend, task, container),
                label={
                    "service": task.group.removeprefix("service:"),
                    "task": task.id,
                    "container": container.name,
                    "image": container.image,
                    "digest": container.image_digest or "",
                },
                started_at=started_at,
                zone=task.availability_zone,
                command=command,
                environment=_environment(task, container, overridden=command is None or self._commands.allowed),
                health_paths=frozenset(group.check_settings().path for group in groups if group) - {"/"},
            )
        )

    def _command_of(self, task: Task, container: Container) -> MappedCommand | None:
        """The real command in the image's place, if there is one; a one-off command of it where that is allowed."""
        mapped = self._commands.of_repository(repository_of(container.image))
        if mapped is None or not container.job:
            return mapped
        given = _override(task, container).get("command") or []
        return replace(mapped, command=tuple(given)) if self._commands.allowed else None

    def _revive(self, backend: EcsBackend, task: Task) -> None:
        """After a restart of the sandbox: the task is there, its containers are not.

        A real one-off command (a migration) is not run twice: it was killed with the sandbox.
        """
        for container in task.containers:
            if container.last_status != "RUNNING" or self._containers.runs(container.runtime_id):
                continue
            if container.job and self._command_of(task, container) is not None:
                exit_container(container, _KILLED, "The sandbox was restarted")
                task.version += 1
                continue
            try:
                self._serve(backend, task, container, task.running_since or 0.0)
            except CannotStart as error:
                container.last_status, container.reason = "STOPPED", str(error)
                task.version += 1

    def _watch_containers(self, task: Task, now: float) -> None:
        age = now - (task.running_since or now)
        for container in task.containers:
            if self._ended(task, container, age, now):
                task.version += 1
            if container.last_status == "STOPPED" and container.essential:
                begin_stop(task, now, "EssentialContainerExited", _EXITED)
            elif check := container.definition.get("healthCheck"):
                health = container_health(check, container_ages_well(container), age)
                if health != container.health_status:
                    container.health_status = health
                    task.version += 1

    def _ended(self, task: Task, container: Container, age: float, now: float) -> bool:
        """Whether the container ended by itself just now."""
        if container.last_status != "RUNNING":
            return False
        code = self._containers.exit_code(container.runtime_id)
        limit = memory_limit(container.definition, task.memory)
        if code is not None:
            exit_container(container, code)
        elif container.exit_due is not None and now >= container.exit_due:
            end = ending(container, container.behaviour, in_service=task.service is not None)
            exit_container(container, end[0] if end else 0)
        elif container.behaviour.leaks_mib_per_minute and limit:
            used = usage(container.behaviour, reserved_cpu=0, reserved_memory=limit, age=age, requests=0, seconds=0)
            if used.memory < limit:
                return False
            exit_container(container, _KILLED, _OUT_OF_MEMORY)
        else:
            return False
        return True

    def _step_is_due(self, task: Task, now: float) -> bool:
        """Containers that were sent SIGTERM may end what they began; real commands decide themselves when that is."""
        if now < task.step_due or task.last_status != "STOPPING":
            return now >= task.step_due
        busy = [each for each in task.containers if self._containers.busy(each.runtime_id)]
        patience = max((_stop_timeout(each) for each in busy), default=0.0)
        return now >= task.step_due + patience and not any(
            self._containers.is_command(each.runtime_id) for each in busy
        )

    def _one_step_down(self, backend: EcsBackend, task: Task, now: float) -> None:
        drain = self._deregister(backend, task)
        for container in task.containers:
            code = self._containers.exit_code(container.runtime_id)
            if container.last_status == "RUNNING" and code is not None:
                exit_container(container, code)
        task.step_due = now + next_stop_state(task, drain)
        if task.last_status == "STOPPING":
            for container in task.containers:
                self._containers.terminate(container.runtime_id, _stop_timeout(container))

    # -- load balancer targets -----------------------------------------------------------------------------

    def _wanted_targets(self, backend: EcsBackend, task: Task) -> list[Target]:
        service = backend.services.get(task.service or "")
        if service is None:
            return []
        return [
            self._target(task, each)
            for each in self._revision(service, task).load_balancers
            if each.get("targetGroupArn")
        ]

    @staticmethod
    def _target(task: Task, balanced: dict[str, Any]) -> Target:
        """The task's own address, or the instance and the port that it has there."""
        port = balanced["containerPort"]
        host_port = task.host_ports.get((str(balanced.get("containerName")), port))
        if task.instance_id and host_port:
            return Target(balanced["targetGroupArn"], task.instance_id, host_port)
        return Target(balanced["targetGroupArn"], task.private_ip, port)

    def _revision(self, service: Service, task: Task) -> Revision:
        rollout = next((each for each in service.rollouts if each.id == task.rollout_id), service.primary)
        return service.revisions[rollout.revision_arn]

    def _register(self, backend: EcsBackend, task: Task) -> None:
        task.targets = self._wanted_targets(backend, task)
        for target in task.targets:
            if group := self._group(backend, target):
                group.register([{"Id": target.id, "Port": target.port}])
                add_event(backend.services[task.service or ""], f"registered 1 targets in (target-group {group.arn})")

    def _deregister(self, backend: EcsBackend, task: Task) -> float:
        """Take a running task out of its target groups; returns how long it drains, in sandbox seconds."""
        delays = [0.0]
        for target in task.targets if task.last_status == "RUNNING" else []:
            if group := self._group(backend, target):
                with contextlib.suppress(Exception):  # somebody else took it out already
                    group.deregister([{"Id": target.id, "Port": target.port}])
                delays.append(float(group.attributes.get("deregistration_delay.timeout_seconds", 300)))
                service = backend.services.get(task.service or "")
                if service:
                    add_event(service, f"deregistered 1 targets in (target-group {group.arn})")
        return max(delays)

    def _group(self, backend: EcsBackend, target: Target) -> FakeTargetGroup | None:
        groups = elbv2_backends[backend.account_id][backend.region_name].target_groups
        group: FakeTargetGroup | None = groups.get(target.group_arn)
        return group

    def _log_of(self, backend: EcsBackend, task: Task, container: Container) -> Callable[[str], None]:
        place = destination(container.definition, task.id, backend.account_id, backend.region_name)
        return self._logs.writer(place[0]) if place else _silent


def _stop_timeout(container: Container) -> float:
    return float(container.definition.get("stopTimeout") or DEFAULT_STOP_TIMEOUT)


def _override(task: Task, container: Container) -> dict[str, Any]:
    overrides = task.overrides.get("containerOverrides") or []
    return next((each for each in overrides if each.get("name") == container.name), {})


def _environment(task: Task, container: Container, *, overridden: bool) -> dict[str, str]:
    """`overridden`: whether RunTask may change it. A real command is steered by its environment (BASH_ENV)."""
    overrides = _override(task, container).get("environment") if overridden else None
    given = [*(container.definition.get("environment") or []), *(overrides or [])]
    return {each["name"]: each.get("value") or "" for each in given}
