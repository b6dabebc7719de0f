"""The ECS actions about services, deployments and tasks; everything else is moto's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs import responses
from moto.ecs.exceptions import InvalidParameterException, ServiceNotFoundException

from sandbox.clock import Clock
from sandbox.ecs import describe, staged
from sandbox.ecs.backend import EcsBackend
from sandbox.ecs.errors import EcsError
from sandbox.ecs.hooks import resolved
from sandbox.ecs.model import Service, utcnow
from sandbox.ecs.tasks import begin_stop

_MOST_PER_CALL = {"services": 10, "tasks": 100, "serviceDeploymentArns": 20, "serviceRevisionArns": 20}


class EcsResponse(responses.EC2ContainerServiceResponse):
    """`clock` is the running engine's. Every call runs under its lock (see app)."""

    clock: Clock

    @property
    def _backend(self) -> EcsBackend:
        backend: EcsBackend = self.ecs_backend
        return backend

    @property
    def _cluster(self) -> str:
        return self._get_param("cluster") or "default"

    def _given(self) -> dict[str, Any]:
        """The parameters as plain JSON-like values."""
        return dict(_plain(self._get_params()))

    # -- services ------------------------------------------------------------------------------------------

    def create_service(self) -> ActionResult:
        given = self._given()
        _check_controller(given)
        service = self._backend.new_service(self.clock.seconds(), given)
        return ActionResult({"service": self._described(service)})

    def update_service(self) -> ActionResult:
        given = self._given()
        _check_controller(given)
        service = self._backend.change_service(self.clock.seconds(), given)
        return ActionResult({"service": self._described(service)})

    def delete_service(self) -> ActionResult:
        service = self._backend.remove_service(
            self._cluster, self._get_param("service"), force=bool(self._get_param("force"))
        )
        return ActionResult({"service": self._described(service)})

    def describe_services(self) -> str:
        names = self._asked("services")
        with_tags = "TAGS" in (self._get_param("include") or [])
        described, failures = [], []
        for name in names:
            service = self._backend.find_service(self._cluster, name)
            if service is None:
                arn = name if name.startswith("arn:") else self._arn(f"service/{self._cluster.split('/')[-1]}/{name}")
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                described.append(self._described(service, with_tags=with_tags))
        return _quick({"services": described, "failures": failures})

    def list_services(self) -> ActionResult:
        launch_type, strategy = self._get_param("launchType"), self._get_param("schedulingStrategy")
        arns = sorted(
            service.arn
            for service in self._backend.services_of(self._cluster)
            if service.status != "INACTIVE"
            and launch_type in (None, service.launch_type)
            and strategy in (None, service.scheduling_strategy)
        )
        return self._page("serviceArns", arns, default=10)

    # -- deployments ---------------------------------------------------------------------------------------

    def list_service_deployments(self) -> ActionResult:
        wanted, created = self._get_param("status") or [], self._get_param("createdAt") or {}
        service = self._backend.find_service(self._cluster, self._get_param("service"))
        if service is None:
            raise EcsError("ServiceNotFoundException", "Service not found.")
        briefs = [
            describe.service_deployment_brief(service, deployment)
            for deployment in service.deployments
            if (not wanted or deployment.status in wanted)
            and (not created.get("after") or deployment.created_at >= _aware(created["after"]))
            and (not created.get("before") or deployment.created_at <= _aware(created["before"]))
        ]
        return self._page("serviceDeployments", briefs, default=20)

    def describe_service_deployments(self) -> ActionResult:
        described, failures = [], []
        for arn in self._asked("serviceDeploymentArns"):
            found = self._backend.deployment_by_arn(arn)
            if found is None:
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                service, deployment = found
                tasks = self._backend.tasks_of(service)
                described.append(describe.service_deployment(service, deployment, tasks, self._at))
        return ActionResult({"serviceDeployments": described, "failures": failures})

    def describe_service_revisions(self) -> ActionResult:
        described, failures = [], []
        for arn in self._asked("serviceRevisionArns"):
            owner = next((each for each in self._backend.services.values() if arn in each.revisions), None)
            if owner is None:
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                described.append(describe.service_revision(owner, owner.revisions[arn]))
        return ActionResult({"serviceRevisions": described, "failures": failures})

    def stop_service_deployment(self) -> ActionResult:
        arn, how = self._get_param("serviceDeploymentArn"), self._get_param("stopType") or "ROLLBACK"
        found = self._backend.deployment_by_arn(arn)
        if found is None:
            raise EcsError("ServiceDeploymentNotFoundException", "The service deployment was not found.")
        service, deployment = found
        if not deployment.live:
            raise EcsError("ConflictException", f"The service deployment cannot be stopped: it is {deployment.status}.")
        if deployment.status in ("PENDING", "IN_PROGRESS"):  # else it goes on stopping or rolling back
            deployment.status = "ROLLBACK_REQUESTED" if how == "ROLLBACK" else "STOP_REQUESTED"
            deployment.updated_at = utcnow()
        service.steady = False
        return ActionResult({"serviceDeploymentArn": arn})

    def continue_service_deployment(self) -> ActionResult:
        arn, hook_id = self._get_param("serviceDeploymentArn"), self._get_param("hookId")
        found = self._backend.deployment_by_arn(arn)
        if found is None:
            raise EcsError("ServiceDeploymentNotFoundException", "The service deployment was not found.")
        service, deployment = found
        if deployment.status != "IN_PROGRESS" or hook_id not in staged.waiting(deployment):
            raise InvalidParameterException(f"The lifecycle hook {hook_id} is not awaiting an action.")
        deployment.hooks = tuple(
            resolved(hook, self._get_param("action") or "CONTINUE") if hook.id == hook_id else hook
            for hook in deployment.hooks
        )
        deployment.updated_at = utcnow()
        service.steady = False
        return ActionResult({"serviceDeploymentArn": arn})

    # -- tasks ---------------------------------------------------------------------------------------------

    def run_task(self) -> ActionResult:
        tasks, reasons = self._backend.run_standalone(self.clock.seconds(), self._given())
        arn = self._backend._get_cluster(self._cluster).arn
        failures = [{"arn": arn, "reason": reason} for reason in reasons]
        return ActionResult({"tasks": [describe.task(task) for task in tasks], "failures": failures})

    def stop_task(self) -> ActionResult:
        task = self._backend.task_by_id(self._cluster, self._get_param("task"))
        if task is None:
            raise InvalidParameterException("The referenced task was not found.")
        reason = self._get_param("reason") or "Task stopped by user"
        begin_stop(task, self.clock.seconds(), "UserInitiated", reason)
        return ActionResult({"task": describe.task(task)})

    def list_tasks(self) -> ActionResult:
        service_name, family = self._get_param("serviceName"), self._get_param("family")
        started_by, launch_type = self._get_param("startedBy"), self._get_param("launchType")
        wanted_status = self._get_param("desiredStatus") or "RUNNING"
        instance = (self._get_param("containerInstance") or "").split("/")[-1]
        cluster = self._backend._get_cluster(self._cluster)
        if service_name and self._backend.find_service(self._cluster, service_name) is None:
            raise ServiceNotFoundException()
        group = f"service:{service_name.split('/')[-1]}" if service_name else None
        arns = [
            task.arn
            for task in self._backend.tasks.get(cluster.name, {}).values()
            if task.desired_status == wanted_status
            and group in (None, task.group)
            and started_by in (None, task.started_by)
            and launch_type in (None, task.launch_type)
            and (not instance or (task.instance or "").split("/")[-1] == instance)
            and (not family or task.task_definition_arn.split("/")[-1].split(":")[0] == family)
        ]
        return self._page("taskArns", arns, default=100)

    def describe_tasks(self) -> str:
        with_tags = "TAGS" in (self._get_param("include") or [])
        described, failures = [], []
        for name in self._asked("tasks"):
            task = self._backend.task_by_id(self._cluster, name)
            if task is None:
                arn = name if name.startswith("arn:") else self._arn(f"task/{self._cluster.split('/')[-1]}/{name}")
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                described.append(describe.task(task) | ({} if with_tags else {"tags": []}))
        return _quick({"tasks": described, "failures": failures})

    def start_task(self) -> ActionResult:
        raise NotImplementedError("StartTask: tasks are placed by the scheduler only")

    def create_task_set(self) -> ActionResult:
        raise NotImplementedError("task sets: the EXTERNAL deployment controller is not imitated")

    # -- parts ---------------------------------------------------------------------------------------------

    def _at(self, due: float) -> datetime:
        """When a moment of sandbox time comes, at the present scale."""
        return utcnow() + timedelta(seconds=self.clock.real(due - self.clock.seconds()))

    def _described(self, service: Service, *, with_tags: bool = True) -> dict[str, Any]:
        answer = describe.service(service, self._backend.tasks_of(service))
        return answer if with_tags else answer | {"tags": []}

    def _asked(self, parameter: str) -> list[str]:
        names: list[str] = self._get_param(parameter) or []
        most = _MOST_PER_CALL[parameter]
        if not 1 <= len(names) <= most:
            raise InvalidParameterException(f"{parameter} must have between 1 and {most} members.")
        return names

    def _arn(self, resource: str) -> str:
        return f"arn:aws:ecs:{self.region}:{self.current_account}:{resource}"

    def _page(self, key: str, items: Sequence[Any], *, default: int) -> ActionResult:
        size, start = self._get_param("maxResults") or default, int(self._get_param("nextToken") or 0)
        answer: dict[str, Any] = {key: items[start : start + size]}
        if start + size < len(items):
            answer["nextToken"] = str(start + size)
        return ActionResult(answer)


def _aware(moment: datetime) -> datetime:
    """moto reads timestamps as UTC without saying so."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _quick(answer: dict[str, Any]) -> str:
    """The answer as ECS's protocol has it (JSON, times in seconds since 1970).

    What clients poll is answered this way: moto's serializer asks the service model about every single value.
    """
    return json.dumps(answer, default=lambda moment: moment.timestamp())


def _plain(value: Any) -> Any:
    if hasattr(value, "original_dict"):
        value = value.original_dict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _check_controller(given: dict[str, Any]) -> None:
    if given.get("schedulingStrategy") == "DAEMON":
        raise InvalidParameterException("The sandbox does not imitate the scheduling strategy DAEMON.")
    controller = (given.get("deploymentController") or {}).get("type") or "ECS"
    if controller != "ECS":
        raise InvalidParameterException(f"The sandbox does not imitate the deployment controller {controller}.")
