"""Keeps every service as it should be: looks, asks the pure scheduler, does what it says, says what it did."""

from __future__ import annotations

from dataclasses import replace

from sandbox.ecs import rollouts, staged
from sandbox.ecs.backend import EcsBackend
from sandbox.ecs.model import Rollout, Service, ServiceDeployment, Task, utcnow
from sandbox.ecs.placement import NoCapacity
from sandbox.ecs.scheduling import (
    WITHOUT_CHECKS_HEALTHY_AFTER,
    Bounds,
    Plan,
    TaskView,
    bounds,
    is_stable,
    plan_count,
    plan_rolling,
    start_delay,
)
from sandbox.ecs.tasks import begin_stop
from sandbox.targets import TargetChecks, TargetKey, TargetState

_STUCK = (
    "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
    "Update the minimumHealthyPercent or maximumPercent value and try again."
)
# The developer guide's words ("Service event messages"): the time between two starts grows from now on.
_IMPAIRED = (
    "is unable to consistently start tasks successfully. "
    "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
)
_PLACEMENT_RETRY_SECONDS = 30.0


class ServiceScheduler:
    def __init__(self, checks: TargetChecks) -> None:
        self._checks = checks

    def advance(self, backend: EcsBackend, service: Service, now: float) -> bool:
        """One tick of one service that is not steady; whether anything changed."""
        tasks = backend.tasks_of(service)
        if service.status != "ACTIVE":
            return self._wind_down(backend, service, tasks, now)
        for task in tasks:
            self._judge(service, task, now)
        self._count_failures(backend, service, now)
        deployment = service.deployment
        before = deployment and deployment.progress
        complete = deployment is not None and self._mind(backend, service, deployment, now)
        moved = self._schedule(backend, service, now)
        present = backend.tasks_of(service)
        self._forget_empty_rollouts(service, present)
        settled = self._settle(service, present, now, complete=complete)
        service.waits = not moved and deployment is not None and staged.waits(deployment, now)
        return settled or moved or (deployment and deployment.progress) != before

    @staticmethod
    def _wind_down(backend: EcsBackend, service: Service, tasks: list[Task], now: float) -> bool:
        for task in tasks:
            begin_stop(task, now, "ServiceSchedulerInitiated", f"Service {service.name} was deleted.")
        if not tasks:
            service.status, service.steady = "INACTIVE", True
            backend.release_all(service)
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
        rollout = service.rollout(task.rollout_id)
        if rollout is None:
            return
        rollout.start_failures = 0
        breaker = service.deployment_configuration.get("deploymentCircuitBreaker") or {}
        if rollout is service.primary and breaker.get("resetOnHealthyTask", True) is not False:
            rollout.failed_tasks = 0

    @staticmethod
    def _count_failures(backend: EcsBackend, service: Service, now: float) -> None:
        """Count each task once that stopped before it was ever healthy and not because we wanted it to."""
        for task in backend.members(service):
            rollout = service.rollout(task.rollout_id)
            if rollout:
                rollout.reached_running |= task.running_since is not None
            if task.meant_to_run:
                continue
            if rollout and task.failed and not task.failure_counted:
                rollout.start_failures += 1
                delay = start_delay(rollout.start_failures)
                rollout.next_start_due = now + delay
                if delay and not start_delay(rollout.start_failures - 1) and not _breaks(service):
                    rollouts.add_event(service, _IMPAIRED)
                rollout.failed_tasks += rollout.state == "IN_PROGRESS"
            task.failure_counted = True
            if task.last_status == "STOPPED":
                backend.release(service, task)

    # -- deployment ----------------------------------------------------------------------------------------

    @staticmethod
    def _mind(backend: EcsBackend, service: Service, deployment: ServiceDeployment, now: float) -> bool:
        """Bring the deployment on; whether a staged one is complete."""
        now_there = staged.standing(backend.tasks_of(service))
        if deployment.status == "PENDING":
            staged.begin(backend, service, deployment, now_there)
            for rollout in service.rollouts[1:]:
                rollout.kept = now_there.wanted[rollout.id]
            deployment.status, deployment.started_at = "IN_PROGRESS", utcnow()
        elif deployment.status in ("ROLLBACK_REQUESTED", "STOP_REQUESTED"):
            rollouts.stop(service, deployment)
        else:
            rollouts.check_monitors(service, deployment, backend.alarm_states)
        return deployment.staged and deployment.live and staged.advance(backend, service, deployment, now, now_there)

    def _schedule(self, backend: EcsBackend, service: Service, now: float) -> bool:
        """Start and stop what is to be started and stopped; whether there was anything."""
        tasks = {task.id: task for task in backend.tasks_of(service) if task.meant_to_run}
        plans = self._plans(service, list(tasks.values()))
        started = [
            task
            for rollout, plan in plans
            if plan.start and now >= rollout.next_start_due
            for task in self._start(backend, service, rollout, plan.start, now)
        ]
        stopped = [tasks[task_id] for _, plan in plans for task_id in plan.stop]
        for task in stopped:
            begin_stop(task, now, "ServiceSchedulerInitiated", _scaling_reason(service, task))
            rollout = service.rollout(task.rollout_id)
            if rollout and rollout.kept and rollout is not service.primary and not service.primary.halted:
                rollout.kept -= 1
        if draining := [task for task in stopped if task.targets and task.last_status == "RUNNING"]:
            rollouts.add_event(service, f"has begun draining connections on {len(draining)} tasks.")
        if stopped:
            rollouts.add_event(service, f"has stopped {len(stopped)} running tasks: {_names(stopped)}.")
        stuck = any(plan.stuck for _, plan in plans)
        if stuck and not service.stuck:
            rollouts.add_event(service, _STUCK)
        service.stuck = stuck
        return bool(started or stopped)

    def _plans(self, service: Service, tasks: list[Task]) -> list[tuple[Rollout, Plan]]:
        """What to start and stop, by rollout: as counted for each, or as a rolling update of the primary one."""
        deployment, primary = service.deployment, service.primary
        now_there = staged.standing(tasks)
        if primary.halted:
            counts = staged.held(service, now_there)
        elif deployment is not None and deployment.staged:
            counts = staged.wanted(service, deployment, now_there)
        else:
            return self._rolling_plans(service, tasks, now_there)
        for rollout_id in counts:
            rollout = service.rollout(rollout_id)
            if rollout and rollout not in service.rollouts:
                service.rollouts.append(rollout)  # all its tasks were lost
        return [(each, plan_count(counts.get(each.id, 0), self._views(each, tasks))) for each in service.rollouts]

    def _rolling_plans(
        self, service: Service, tasks: list[Task], now_there: staged.Standing
    ) -> list[tuple[Rollout, Plan]]:
        primary, former = service.primary, service.completed
        lost = max(0, (former.kept or 0) - now_there.wanted[former.id]) if former and former is not primary else 0
        views = [
            replace(
                view,
                current=task.rollout_id == primary.id and not task.leaving,
                replacement=bool(former and task.rollout_id == former.id and not task.was_healthy),
            )
            for task, view in zip(tasks, map(_view, tasks), strict=True)
        ]
        plan = plan_rolling(service.desired_count, self._bounds(service), views, lost)
        restored = [(former, Plan(start=plan.restore))] if former and plan.restore else []
        return [(primary, plan), *restored]

    @staticmethod
    def _start(backend: EcsBackend, service: Service, rollout: Rollout, count: int, now: float) -> list[Task]:
        """Start so many tasks, or as many as can be placed; where some cannot, try again a while later."""
        started: list[Task] = []
        try:
            while len(started) < count:
                started.append(backend.add_service_task(now, service, rollout))
        except NoCapacity as error:
            rollouts.add_event(service, f"{error.event}.")
            rollout.next_start_due = now + _PLACEMENT_RETRY_SECONDS
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
    def _views(rollout: Rollout, tasks: list[Task]) -> list[TaskView]:
        """One rollout's tasks as if no other were there."""
        return [replace(_view(task), current=not task.leaving) for task in tasks if task.rollout_id == rollout.id]

    @staticmethod
    def _forget_empty_rollouts(service: Service, tasks: list[Task]) -> None:
        inhabited = {task.rollout_id for task in tasks}
        service.rollouts = [each for each in service.rollouts if each.status == "PRIMARY" or each.id in inhabited]

    def _settle(self, service: Service, present: list[Task], now: float, *, complete: bool) -> bool:
        """Complete the deployment where it is done; rest until something happens."""
        primary, deployment = service.primary, service.deployment
        wanted = [task for task in present if task.meant_to_run]
        if primary.halted:
            held = staged.held(service, staged.standing(present))
            service.steady = len(wanted) == sum(held.values()) == len(present) and all(task.healthy for task in wanted)
            return False
        if deployment is not None and deployment.staged:
            if not complete:
                return False
        else:
            leaving = sum(not task.meant_to_run and task.rollout_id != primary.id for task in present)
            views = [
                replace(_view(task), current=task.rollout_id == primary.id and not task.leaving) for task in wanted
            ]
            if not is_stable(service.desired_count, views, leaving) or _bakes(deployment, now):
                return False
        for container in (each for task in wanted for each in task.containers):
            image = {"image": container.image, "imageDigest": container.image_digest or ""}
            service.revisions[primary.revision_arn].container_images[container.name] = image
        rollouts.complete(service, deployment)
        rollouts.add_event(service, "has reached a steady state.")
        service.steady = True
        return True


def _view(task: Task) -> TaskView:
    return TaskView(task.id, True, task.last_status == "RUNNING", task.healthy)


def _breaks(service: Service) -> bool:
    """Whether a circuit breaker will end what fails now.

    Then ECS does not say that the service is impaired (inferred from fabfuel/ecs-deploy#185: that client takes such an
    event for a failure, and yet took a rollback by the circuit breaker for a success).
    """
    breaker = service.deployment_configuration.get("deploymentCircuitBreaker") or {}
    return bool(service.deployment and breaker.get("enable"))


def _bakes(deployment: ServiceDeployment | None, now: float) -> bool:
    """Whether a rolling deployment that is stable still has to wait for its alarms."""
    if deployment is None or deployment.status != "IN_PROGRESS":
        return False
    if deployment.bake_until is None:
        deployment.bake_until = now + float(deployment.configuration.get("bakeTimeInMinutes") or 0) * 60
    return now < deployment.bake_until


def _names(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)


def _scaling_reason(service: Service, task: Task) -> str:
    return f"Scaling activity initiated by (deployment {service.primary.id if task.rollout_id else task.started_by})"
