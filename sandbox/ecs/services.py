"""Keeps every service as it should be: looks, asks the pure scheduler, does what it says, says what it did."""

from __future__ import annotations

from sandbox.ecs import rollouts
from sandbox.ecs.backend import EcsBackend
from sandbox.ecs.model import Service, ServiceDeployment, Task, utcnow
from sandbox.ecs.placement import NoCapacity
from sandbox.ecs.scheduling import (
    WITHOUT_CHECKS_HEALTHY_AFTER,
    Bounds,
    TaskView,
    bounds,
    is_stable,
    plan_rolling,
    start_delay,
)
from sandbox.ecs.tasks import begin_stop
from sandbox.targets import TargetChecks, TargetKey, TargetState

_STUCK = (
    "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
    "Update the minimumHealthyPercent or maximumPercent value and try again."
)


_PLACEMENT_RETRY_SECONDS = 30.0


class ServiceScheduler:
    def __init__(self, checks: TargetChecks) -> None:
        self._checks = checks

    def advance(self, backend: EcsBackend, service: Service, now: float) -> bool:
        """One tick of one service that is not steady; whether anything changed."""
        tasks = backend.tasks_of(service)
        if service.status != "ACTIVE":
            return self._wind_down(service, tasks, now)
        for task in tasks:
            self._judge(service, task, now)
        self._count_failures(backend, service, now)
        deployment = service.deployment
        if deployment is not None:
            self._mind(backend, service, deployment)
            deployment = service.deployment
        started, stopped = self._schedule(backend, service, now)
        self._forget_empty_rollouts(service, tasks)
        return self._settle(backend, service, deployment, now) or bool(started or stopped)

    def _wind_down(self, service: Service, tasks: list[Task], now: float) -> bool:
        for task in tasks:
            begin_stop(task, now, "ServiceSchedulerInitiated", f"Service {service.name} was deleted.")
        if not tasks:
            service.status, service.steady = "INACTIVE", True
        return True

    # -- health --------------------------------------------------------------------------------------------

    def _judge(self, service: Service, task: Task, now: float) -> None:
        """Update the task's health; stop it where a check of it failed for good."""
        task.healthy = False
        if not task.meant_to_run or task.last_status != "RUNNING":
            return
        age = now - (task.running_since or now)
        states = {
            target: self._checks.state(TargetKey(target.group_arn, target.id, target.port)) for target in task.targets
        }
        checked = [each for each in task.containers if each.definition.get("healthCheck")]
        if any(each.health_status == "UNHEALTHY" and each.essential for each in checked):
            rollouts.add_event(service, f"(task {task.id}) failed container health checks.")
            begin_stop(task, now, "ServiceSchedulerInitiated", "Task failed container health checks")
            return
        grace_over = age >= float(service.settings.get("healthCheckGracePeriodSeconds") or 0)
        for target, state in states.items():
            if state.state == "unhealthy" and grace_over:
                self._say_unhealthy(service, task, target.port, target.group_arn, state)
                reason = f"Task failed ELB health checks in (target-group {target.group_arn})"
                begin_stop(task, now, "ServiceSchedulerInitiated", reason)
                return
        task.healthy = all(state.state == "healthy" for state in states.values()) and all(
            each.health_status == "HEALTHY" for each in checked
        )
        if not states and not checked:
            task.healthy = age >= WITHOUT_CHECKS_HEALTHY_AFTER
        if task.healthy and not task.was_healthy:
            task.was_healthy = True
            self._count_success(service, task)

    @staticmethod
    def _say_unhealthy(service: Service, task: Task, port: int, group: str, state: TargetState) -> None:
        rollouts.add_event(
            service,
            f"(task {task.id}) (port {port}) is unhealthy in (target-group {group}) due to "
            f"(reason {state.description})",
        )

    @staticmethod
    def _count_success(service: Service, task: Task) -> None:
        primary = service.primary
        breaker = service.deployment_configuration.get("deploymentCircuitBreaker") or {}
        if task.rollout_id == primary.id and breaker.get("resetOnHealthyTask", True) is not False:
            primary.failed_tasks = 0

    @staticmethod
    def _count_failures(backend: EcsBackend, service: Service, now: float) -> None:
        """Count each task once that stopped before it was ever healthy and not because we wanted it to."""
        primary = service.primary
        for task in backend.members(service):
            if task.rollout_id == primary.id:
                primary.reached_running |= task.running_since is not None
            if task.meant_to_run:
                continue
            counts = task.failed and not task.failure_counted and task.rollout_id == primary.id
            if counts and primary.state == "IN_PROGRESS":
                primary.failed_tasks += 1
                primary.next_start_due = now + start_delay(primary.failed_tasks)
            task.failure_counted = True
            if task.last_status == "STOPPED":
                backend.release(service, task)

    # -- deployment ----------------------------------------------------------------------------------------

    @staticmethod
    def _mind(backend: EcsBackend, service: Service, deployment: ServiceDeployment) -> None:
        if deployment.status == "PENDING":
            deployment.status, deployment.started_at = "IN_PROGRESS", utcnow()
        elif deployment.status in ("ROLLBACK_REQUESTED", "STOP_REQUESTED"):
            rollouts.stop(service, deployment)
        else:
            rollouts.check_monitors(service, deployment, backend.alarm_states)

    def _schedule(self, backend: EcsBackend, service: Service, now: float) -> tuple[list[Task], list[Task]]:
        primary = service.primary
        tasks = {task.id: task for task in backend.tasks_of(service) if task.meant_to_run}
        if primary.halted and service.desired_count > 0:
            return [], []
        plan = plan_rolling(service.desired_count, self._bounds(service), self._views(service, list(tasks.values())))
        started = self._start(backend, service, plan.start, now) if now >= primary.next_start_due else []
        stopped = [tasks[task_id] for task_id in plan.stop]
        for task in stopped:
            begin_stop(task, now, "ServiceSchedulerInitiated", _scaling_reason(service, task))
        if draining := [task for task in stopped if task.targets and task.last_status == "RUNNING"]:
            rollouts.add_event(service, f"has begun draining connections on {len(draining)} tasks.")
        if stopped:
            rollouts.add_event(service, f"has stopped {len(stopped)} running tasks: {_names(stopped)}.")
        if plan.stuck and not service.stuck:
            rollouts.add_event(service, _STUCK)
        service.stuck = plan.stuck
        return started, stopped

    @staticmethod
    def _start(backend: EcsBackend, service: Service, count: int, now: float) -> list[Task]:
        """Start so many tasks, or as many as can be placed; where some cannot, try again a while later."""
        started: list[Task] = []
        try:
            while len(started) < count:
                started.append(backend.add_service_task(now, service))
        except NoCapacity as error:
            rollouts.add_event(service, f"was unable to place a task. Reason: {error}.")
            service.primary.next_start_due = now + _PLACEMENT_RETRY_SECONDS
        if started:
            rollouts.add_event(service, f"has started {len(started)} tasks: {_names(started)}.")
        return started

    @staticmethod
    def _bounds(service: Service) -> Bounds:
        configuration = service.deployment_configuration
        return bounds(
            service.desired_count,
            configuration["minimumHealthyPercent"],
            configuration["maximumPercent"],
        )

    @staticmethod
    def _views(service: Service, tasks: list[Task]) -> list[TaskView]:
        current = service.primary.id
        return [
            TaskView(task.id, task.rollout_id == current, task.last_status == "RUNNING", task.healthy) for task in tasks
        ]

    @staticmethod
    def _forget_empty_rollouts(service: Service, tasks: list[Task]) -> None:
        inhabited = {task.rollout_id for task in tasks}
        service.rollouts = [each for each in service.rollouts if each.status == "PRIMARY" or each.id in inhabited]

    def _settle(self, backend: EcsBackend, service: Service, deployment: ServiceDeployment | None, now: float) -> bool:
        """Complete the deployment where it is done; then rest until something happens."""
        primary = service.primary
        present = backend.tasks_of(service)
        wanted = [task for task in present if task.meant_to_run]
        leaving = sum(not task.meant_to_run and task.rollout_id != primary.id for task in present)
        if primary.halted and not leaving:
            service.steady = True
        if primary.halted or not is_stable(service.desired_count, self._views(service, wanted), leaving):
            return False
        if deployment is not None and deployment.status == "IN_PROGRESS":
            bake = float(deployment.configuration.get("bakeTimeInMinutes") or 0) * 60
            if deployment.bake_until is None:
                deployment.bake_until = now + bake
            if now < deployment.bake_until:
                return False
        for container in (each for task in wanted for each in task.containers):
            image = {"image": container.image, "imageDigest": container.image_digest or ""}
            service.revisions[primary.revision_arn].container_images[container.name] = image
        rollouts.complete(service, deployment)
        rollouts.add_event(service, "has reached a steady state.")
        service.steady = True
        return True


def _names(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)


def _scaling_reason(service: Service, task: Task) -> str:
    return f"Scaling activity initiated by (deployment {service.primary.id if task.rollout_id else task.started_by})"
