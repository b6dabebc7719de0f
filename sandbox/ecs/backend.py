"""ECS as moto keeps it (clusters, task definitions, tags), with services and tasks of our own.

Methods here answer API calls: they check, write down what is wanted and leave the doing to the engine.
All of them run under the engine's lock (see app).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from secrets import randbelow
from typing import Any
from uuid import uuid4

from moto.ecs import models
from moto.ecs.exceptions import (
    InvalidParameterException,
    ServiceNotFoundException,
    TaskDefinitionNotFoundException,
)
from moto.elbv2.models import elbv2_backends

from sandbox.ecs import admission, deployment_settings, rollouts, run_tokens, service_fields
from sandbox.ecs.capacity import InstanceBackend
from sandbox.ecs.errors import EcsError, ServiceNotActive, TokenInUse
from sandbox.ecs.model import Container, Rollout, Service, ServiceDeployment, Task
from sandbox.ecs.placement import NoCapacity, check_network, choose_capacity, gets_public_address, move_capacity
from sandbox.ecs.tasks import PROVISIONING_SECONDS
from sandbox.moto_ext.elbv2 import groups_in_use

_MOST_UNFINISHED_ROLLOUTS = 5


class EcsBackend(InstanceBackend):
    services: dict[str, Service]
    tasks: dict[str, dict[str, Task]]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.runs: run_tokens.Runs = {}
        self.hook_answers: dict[str, str] = {}  # what Lambda functions of lifecycle hooks answer, by their names
        self._members: dict[str, dict[str, Task]] = {}  # service key -> its tasks by ARN, until they are dealt with

    # -- services ------------------------------------------------------------------------------------------

    def new_service(self, now: float, given: Mapping[str, Any]) -> Service:
        cluster = self._get_cluster(given.get("cluster") or "default")
        name = given["serviceName"]
        former = self.services.get(f"{cluster.name}:{name}")
        if former and former.status == "DRAINING":
            raise InvalidParameterException("Unable to Start a service that is still Draining.")
        if former and former.status == "ACTIVE":
            raise InvalidParameterException("Creation of service was not idempotent.")
        self._check_request(given, cluster)
        settings = service_fields.DEFAULTS | service_fields.kept(given)
        choose_capacity(settings, cluster.default_capacity_provider_strategy)
        configuration = deployment_settings.merged(deployment_settings.DEFAULTS, given.get("deploymentConfiguration"))
        _refuse(deployment_settings.problem(given, configuration, settings))
        self._check_load_balancers(settings["loadBalancers"])
        definition = self._definition(given["taskDefinition"])
        self._check_definition(definition, settings)
        check_network(self.account_id, self.region_name, settings, definition.network_mode)
        service = Service(
            arn=f"arn:aws:ecs:{self.region_name}:{self.account_id}:service/{cluster.name}/{name}",
            name=name,
            cluster_name=cluster.name,
            cluster_arn=cluster.arn,
            desired_count=given.get("desiredCount") or 0,
            task_definition=definition.arn,
            settings=settings,
            deployment_configuration=configuration,
            tags=list(given.get("tags") or []),
            created_by=f"arn:aws:iam::{self.account_id}:root",
            first_launch_type=settings.get("launchType"),
        )
        if given.get("role"):
            service.settings["roleArn"] = given["role"]
        self.services[service.key] = service
        rollouts.begin(service, now, self.alarm_states)
        return service

    def change_service(self, now: float, given: Mapping[str, Any]) -> Service:
        service = self.active_service(given.get("cluster") or "default", given["service"])
        cluster = self._get_cluster(service.cluster_name)
        _admit(admission.request_problem(given, cluster.capacity_providers or ()))
        _admit(admission.move_problem(given, service.settings))
        settings = service.settings | service_fields.kept(given)
        if given.get("capacityProviderStrategy") is not None:
            move_capacity(settings, service.first_launch_type)
        asked = given.get("deploymentConfiguration")
        configuration = deployment_settings.merged(service.deployment_configuration, asked)
        _refuse(deployment_settings.problem(given, configuration, settings))
        definition = service.task_definition
        if given.get("taskDefinition"):
            definition = self._definition(given["taskDefinition"]).arn
        check_network(self.account_id, self.region_name, settings, None)
        starts_deployment = (
            bool(given.get("forceNewDeployment"))
            or definition != service.task_definition
            or service_fields.asks_for_a_revision(given, service.settings)
        )
        if starts_deployment:
            unfinished = sum(each.state != "COMPLETED" for each in service.rollouts)
            if unfinished >= _MOST_UNFINISHED_ROLLOUTS:
                raise InvalidParameterException(
                    "The service has reached the maximum number of deployments that are not completed."
                )
            self._check_load_balancers(settings["loadBalancers"])
            self._check_definition(self.describe_task_definition(definition), settings)
        service.settings, service.deployment_configuration = settings, configuration
        service.task_definition = definition
        if given.get("desiredCount") is not None:
            self.scale(service, given["desiredCount"])
        service.steady = False
        if starts_deployment:
            rollouts.begin(service, now, self.alarm_states)
        return service

    def scale(self, service: Service, desired_count: int) -> None:
        """Change the desired count. Scaling out while deploying reaches the completed revision too, as in ECS."""
        former = service.completed
        if former and former.kept is not None and former is not service.primary:
            former.kept += max(0, desired_count - service.desired_count)
        service.desired_count = desired_count
        service.steady = False

    def remove_service(self, cluster: str, name: str, *, force: bool) -> Service:
        service = self.active_service(cluster, name)
        if service.desired_count > 0 and not force:
            raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
        service.desired_count = 0
        service.steady = False
        service.status = "DRAINING" if any(self.tasks_of(service)) else "INACTIVE"
        rollouts.abandon(service, "The service was deleted.")
        return service

    def find_service(self, cluster: str, name: str) -> Service | None:
        cluster_name = self._get_cluster(cluster).name
        return self.services.get(f"{cluster_name}:{name.split('/')[-1]}")

    def active_service(self, cluster: str, name: str) -> Service:
        service = self.find_service(cluster, name)
        if service is None:
            raise ServiceNotFoundException()
        if service.status != "ACTIVE":
            raise ServiceNotActive()
        return service

    def services_of(self, cluster: str) -> list[Service]:
        name = self._get_cluster(cluster).name
        return [service for service in self.services.values() if service.cluster_name == name]

    def deployment_by_arn(self, arn: str) -> tuple[Service, ServiceDeployment] | None:
        for service in self.services.values():
            for deployment in service.deployments:
                if deployment.arn == arn:
                    return service, deployment
        return None

    def alarm_states(self) -> dict[str, str]:
        return rollouts.alarm_states(self.account_id, self.region_name)

    # -- tasks ---------------------------------------------------------------------------------------------

    def all_tasks(self) -> Iterable[Task]:
        return [task for tasks in self.tasks.values() for task in tasks.values()]

    def tasks_of(self, service: Service) -> list[Task]:
        """The service's tasks that have not stopped, oldest first."""
        return [task for task in self.members(service) if task.last_status != "STOPPED"]

    def members(self, service: Service) -> list[Task]:
        """The service's tasks, with those that stopped but were not looked at yet."""
        return list(self._members.get(service.key, {}).values())

    def release(self, service: Service, task: Task) -> None:
        """The scheduler is done with a stopped task."""
        self._members[service.key].pop(task.arn, None)

    def release_all(self, service: Service) -> None:
        """The scheduler is done with a deleted service."""
        self._members.pop(service.key, None)

    def task_by_id(self, cluster: str, arn_or_id: str) -> Task | None:
        tasks = self.tasks.get(self._get_cluster(cluster).name, {})
        wanted = arn_or_id.split("/")[-1]
        return next((task for task in tasks.values() if task.id == wanted), None)

    def run_standalone(self, now: float, given: Mapping[str, Any]) -> tuple[list[Task], list[str]]:
        """RunTask: the tasks that were placed, and for each of the others why it was not.

        The same clientToken gives the same answer and starts nothing (see run_tokens).
        """
        cluster = self._get_cluster(given.get("cluster") or "default")
        key, parameters = (cluster.name, given.get("clientToken") or ""), run_tokens.fingerprint(given)
        run_tokens.forget_old(self.runs, now)
        if run := self.runs.get(key):
            if run.parameters != parameters:
                raise TokenInUse(run.tasks)
            known = self.tasks.get(cluster.name, {})
            return [known[arn] for arn in run.tasks if arn in known], list(run.failures)
        count = 1 if given.get("count") is None else given["count"]
        if not 1 <= count <= 10:
            raise InvalidParameterException("count should be between 1 and 10")
        self._check_request(given, cluster)
        definition = self._definition(given["taskDefinition"])
        _admit(admission.task_problem(admission.definition_of(definition), given))
        settings = service_fields.kept(given)
        check_network(self.account_id, self.region_name, settings, definition.network_mode)
        choose_capacity(settings, cluster.default_capacity_provider_strategy)
        tasks: list[Task] = []
        failures: list[str] = []
        for _ in range(count):
            try:
                task = self.add_task(
                    now,
                    cluster=cluster,
                    definition=definition,
                    settings=settings,
                    group=given.get("group") or f"family:{definition.family}",
                    started_by=given.get("startedBy") or "",
                    tags=list(given.get("tags") or []),
                    overrides=given.get("overrides") or {},
                )
                tasks.append(task)
            except NoCapacity as error:
                failures.append(str(error))
        if tasks and given.get("clientToken"):
            self.runs[key] = run_tokens.Run(parameters, now, tuple(task.arn for task in tasks), tuple(failures))
        return tasks, failures

    def add_service_task(self, now: float, service: Service, rollout: Rollout) -> Task:
        revision = service.revisions[rollout.revision_arn]
        definition = self.describe_task_definition(revision.task_definition)
        task = self.add_task(
            now,
            cluster=self._get_cluster(service.cluster_name),
            definition=definition,
            settings=revision.settings,
            group=f"service:{service.name}",
            started_by=rollout.id,
            tags=service_fields.propagated_tags(service, definition.tags),
            overrides={},
        )
        task.service, task.rollout_id = service.key, rollout.id
        self._members.setdefault(service.key, {})[task.arn] = task
        return task

    def add_task(
        self,
        now: float,
        *,
        cluster: Any,
        definition: Any,
        settings: Mapping[str, Any],
        group: str,
        started_by: str,
        tags: list[dict[str, str]],
        overrides: dict[str, Any],
    ) -> Task:
        task_id = uuid4().hex
        arn = f"arn:aws:ecs:{self.region_name}:{self.account_id}:task/{cluster.name}/{task_id}"
        spot = self.find_place(cluster, definition, settings, group, _addresses_in_use())
        commands = {override["name"] for override in overrides.get("containerOverrides", []) if override.get("command")}
        task = Task(
            id=task_id,
            arn=arn,
            cluster_name=cluster.name,
            cluster_arn=cluster.arn,
            task_definition_arn=definition.arn,
            group=group,
            started_by=started_by,
            launch_type=spot.launch_type,
            capacity_provider=spot.capacity_provider,
            platform_version=settings.get("platformVersion"),
            availability_zone=spot.availability_zone,
            private_ip=spot.private_ip or "",
            subnet_id=spot.subnet_id,
            public_ip=gets_public_address(settings),
            instance=spot.instance,
            instance_id=spot.instance_id,
            host_ports=spot.host_ports,
            cpu=definition.cpu,
            memory=definition.memory,
            containers=[
                Container(
                    name=each["name"],
                    arn=f"arn:aws:ecs:{self.region_name}:{self.account_id}:container/{cluster.name}/{task_id}/{uuid4()}",
                    runtime_id=f"{task_id}-{randbelow(10**10):010d}",
                    image=each["image"],
                    definition=each,
                    job=each["name"] in commands,
                )
                for each in definition.container_definitions
            ],
            step_due=now + PROVISIONING_SECONDS,
            overrides=overrides,
            tags=tags,
            enable_execute_command=bool(settings.get("enableExecuteCommand")),
        )
        self.tasks.setdefault(cluster.name, {})[arn] = task
        return task

    # -- clusters ------------------------------------------------------------------------------------------

    def describe_clusters(self, cluster_names: list[str]) -> tuple[list[Any], list[Any]]:
        clusters, failures = super().describe_clusters(cluster_names)
        for cluster in clusters:
            tasks = [task for task in self.tasks.get(cluster.name, {}).values() if task.last_status != "STOPPED"]
            cluster.running_tasks_count = sum(task.last_status == "RUNNING" for task in tasks)
            cluster.pending_tasks_count = sum(task.last_status in ("PROVISIONING", "PENDING") for task in tasks)
            services = [service for service in self.services.values() if service.cluster_name == cluster.name]
            cluster.active_services_count = sum(service.status == "ACTIVE" for service in services)
        return clusters, failures

    def delete_cluster(self, cluster_str: str) -> Any:
        cluster = self._get_cluster(cluster_str)
        if any(service.status != "INACTIVE" for service in self.services_of(cluster.name)):
            raise EcsError(
                "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
            )
        if any(task.last_status != "STOPPED" for task in self.tasks.get(cluster.name, {}).values()):
            raise EcsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        return super().delete_cluster(cluster_str)

    # -- parts ---------------------------------------------------------------------------------------------

    def _definition(self, name: str) -> Any:
        """A task definition by its ARN, by family:revision, or the newest active one of a family."""
        revisions = self.task_definitions.get(name, {})
        active = [revision for revision, each in revisions.items() if each.status == "ACTIVE"]
        if active:
            return revisions[max(active)]
        try:
            return self.describe_task_definition(name)
        except TaskDefinitionNotFoundException as error:
            raise EcsError(*admission.NO_DEFINITION) from error

    @staticmethod
    def _check_request(given: Mapping[str, Any], cluster: Any) -> None:
        providers, default_strategy = cluster.capacity_providers, cluster.default_capacity_provider_strategy
        _admit(admission.request_problem(given, providers or (), default_strategy or ()))

    def _check_definition(self, definition: Any, settings: Mapping[str, Any]) -> None:
        groups = elbv2_backends[self.account_id][self.region_name].target_groups
        types = {arn: group.target_type for arn, group in groups.items()}
        _admit(admission.service_problem(admission.definition_of(definition), settings, types))

    def _check_load_balancers(self, load_balancers: list[dict[str, Any]]) -> None:
        backend = elbv2_backends[self.account_id][self.region_name]
        in_use = groups_in_use(backend)
        for each in load_balancers:
            alternate = (each.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
            for arn in (each.get("targetGroupArn"), alternate):
                if arn and arn not in in_use:
                    raise InvalidParameterException(
                        f"The target group with targetGroupArn {arn} does not have an associated load balancer."
                    )


def _addresses_in_use() -> set[str]:
    """Of all accounts and regions: on this machine an address leads to one task only."""
    return {
        task.private_ip
        for _, _, backend in list(models.ecs_backends.iter_backends())
        for task in backend.all_tasks()
        if task.private_ip and task.last_status != "STOPPED"
    }


def _admit(problem: admission.Problem | None) -> None:
    if problem:
        raise EcsError(problem.code, problem.message)


def _refuse(problem: str | None) -> None:
    if problem:
        raise InvalidParameterException(problem)
