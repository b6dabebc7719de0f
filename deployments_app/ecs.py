"""Amazon ECS as the controller needs it: calls in, dataclasses out. Every method may raise AwsError.

Batch sizes and shapes are botocore's; the calls that change something say so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from controlplane.lib.aws import Account, calling_aws, client
from deployments_app.strategies.model import (
    Balancer,
    ContainerSeen,
    EventSeen,
    RolloutSeen,
    ServiceDeploymentSeen,
    ServiceSeen,
    TargetHealth,
    TaskSeen,
)

SERVICES_PER_CALL = 10
TASKS_PER_CALL = 100
DEPLOYMENTS_PER_CALL = 20
NEWEST_REVISIONS = 20
"""How far back a revision of ours is searched for after a crash; nobody else registers in our families."""

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """`items` in lists of at most `size`."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


class Ecs:
    """One account and region."""

    def __init__(self, account: Account) -> None:
        self._account = account

    @property
    def _client(self) -> Any:
        return client("ecs", self._account)

    # ---- Reading

    def services(self, cluster: str, names: Sequence[str]) -> dict[str, ServiceSeen]:
        """The services that exist, by name."""
        found: dict[str, ServiceSeen] = {}
        for batch in batches(sorted(set(names)), SERVICES_PER_CALL):
            with calling_aws("ecs:DescribeServices"):
                answer = self._client.describe_services(cluster=cluster, services=batch)
            found |= {each["serviceName"]: _service(each) for each in answer["services"]}
        return found

    def service_deployments(self, arns: Sequence[str]) -> dict[str, ServiceDeploymentSeen]:
        """Service deployments by ARN; those that ECS has forgotten are absent."""
        found: dict[str, ServiceDeploymentSeen] = {}
        for batch in batches(sorted(set(arns)), DEPLOYMENTS_PER_CALL):
            with calling_aws("ecs:DescribeServiceDeployments"):
                answer = self._client.describe_service_deployments(serviceDeploymentArns=batch)
            for each in answer["serviceDeployments"]:
                found[each["serviceDeploymentArn"]] = _service_deployment(each)
        return found

    def find_service_deployment(self, cluster: str, service: str, task_definition: str) -> str:
        """The ARN of the newest service deployment whose target is this revision; "" where there is none."""
        with calling_aws("ecs:ListServiceDeployments"):
            listed = self._client.list_service_deployments(
                cluster=cluster, service=service, maxResults=DEPLOYMENTS_PER_CALL
            )["serviceDeployments"]
        targets = sorted({each["targetServiceRevisionArn"] for each in listed if each.get("targetServiceRevisionArn")})
        if not targets:
            return ""
        with calling_aws("ecs:DescribeServiceRevisions"):
            described = self._client.describe_service_revisions(serviceRevisionArns=targets)["serviceRevisions"]
        ours = {each["serviceRevisionArn"] for each in described if each["taskDefinition"] == task_definition}
        found = [each for each in listed if each.get("targetServiceRevisionArn") in ours]
        newest = max(found, key=lambda each: each["createdAt"], default=None)
        return str(newest["serviceDeploymentArn"]) if newest else ""

    def tasks(self, cluster: str, service: str) -> list[TaskSeen]:
        """The service's tasks: all that run, and those that stopped within about the last hour."""
        arns: list[str] = []
        for status in ("RUNNING", "STOPPED"):
            with calling_aws("ecs:ListTasks"):
                pages = self._client.get_paginator("list_tasks").paginate(
                    cluster=cluster, serviceName=service, desiredStatus=status
                )
                arns += [arn for page in pages for arn in page["taskArns"]]
        found = []
        for batch in batches(arns, TASKS_PER_CALL):
            with calling_aws("ecs:DescribeTasks"):
                answer = self._client.describe_tasks(cluster=cluster, tasks=batch)
            found += [_task(each) for each in answer["tasks"]]
        return found

    def target_health(self, target_group: str) -> dict[str, TargetHealth]:
        """Health by target address, of one target group."""
        with calling_aws("elasticloadbalancing:DescribeTargetHealth"):
            answer = client("elbv2", self._account).describe_target_health(TargetGroupArn=target_group)
        described = answer["TargetHealthDescriptions"]
        return {each["Target"]["Id"]: _target_health(each["TargetHealth"]) for each in described}

    def task_definition(self, arn: str) -> dict[str, Any]:
        """A task definition as ECS describes it."""
        with calling_aws("ecs:DescribeTaskDefinition"):
            answer = self._client.describe_task_definition(taskDefinition=arn)
        found: dict[str, Any] = answer["taskDefinition"]
        return found

    def find_task_definition(self, family: str, tag: str, value: str, since: datetime) -> str:
        """The ARN of the family's newest revision with this tag that was registered after `since`; "" if none."""
        with calling_aws("ecs:ListTaskDefinitions"):
            listed = self._client.list_task_definitions(familyPrefix=family, sort="DESC", maxResults=NEWEST_REVISIONS)[
                "taskDefinitionArns"
            ]
        for arn in sorted(listed, key=_revision, reverse=True):
            with calling_aws("ecs:DescribeTaskDefinition"):
                answer = self._client.describe_task_definition(taskDefinition=arn, include=["TAGS"])
            if {"key": tag, "value": value} in answer.get("tags", []):
                return str(arn)
            registered = answer["taskDefinition"].get("registeredAt")
            if registered is not None and registered < since:
                break
        return ""

    # ---- Changing

    def register(self, rendered: Mapping[str, Any], tags: Sequence[Mapping[str, str]]) -> str:
        """Registers a revision; returns its ARN."""
        with calling_aws("ecs:RegisterTaskDefinition"):
            answer = self._client.register_task_definition(**rendered, tags=list(tags))
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def update(
        self,
        cluster: str,
        service: str,
        *,
        task_definition: str | None = None,
        configuration: Mapping[str, Any] | None = None,
        desired: int | None = None,
        balancers: Sequence[Balancer] | None = None,
    ) -> ServiceSeen:
        """Updates what is given of a service; a new task definition, or another balancer, starts a deployment."""
        given: dict[str, Any] = {}
        if task_definition is not None:
            given["taskDefinition"] = task_definition
        if configuration is not None:
            given["deploymentConfiguration"] = dict(configuration)
        if desired is not None:
            given["desiredCount"] = desired
        if balancers is not None:
            given["loadBalancers"] = [
                {"targetGroupArn": each.target_group, "containerName": each.container, "containerPort": each.port}
                for each in balancers
            ]
        with calling_aws("ecs:UpdateService"):
            answer = self._client.update_service(cluster=cluster, service=service, **given)
        return _service(answer["service"])

    def stop_with_rollback(self, service_deployment: str) -> None:
        """Has ECS take its deployment back."""
        with calling_aws("ecs:StopServiceDeployment"):
            self._client.stop_service_deployment(serviceDeploymentArn=service_deployment, stopType="ROLLBACK")


def _revision(arn: str) -> int:
    return int(arn.rpartition(":")[2])


def _service(given: Mapping[str, Any]) -> ServiceSeen:
    return ServiceSeen(
        arn=given["serviceArn"],
        status=given["status"],
        task_definition=given.get("taskDefinition", ""),
        desired=given["desiredCount"],
        running=given["runningCount"],
        pending=given["pendingCount"],
        rollouts=tuple(
            RolloutSeen(
                id=each["id"],
                status=each["status"],
                task_definition=each["taskDefinition"],
                state=each.get("rolloutState", ""),
                reason=each.get("rolloutStateReason", ""),
                desired=each.get("desiredCount", 0),
                running=each.get("runningCount", 0),
                pending=each.get("pendingCount", 0),
                failed=each.get("failedTasks", 0),
            )
            for each in given.get("deployments", [])
        ),
        events=tuple(EventSeen(each["id"], each["createdAt"], each["message"]) for each in given.get("events", [])),
        balancers=tuple(
            Balancer(each["targetGroupArn"], each["containerName"], each["containerPort"])
            for each in given.get("loadBalancers", [])
            if "targetGroupArn" in each
        ),
    )


def _service_deployment(given: Mapping[str, Any]) -> ServiceDeploymentSeen:
    return ServiceDeploymentSeen(
        arn=given["serviceDeploymentArn"],
        status=given["status"],
        reason=given.get("statusReason") or "",
        rollback_reason=(given.get("rollback") or {}).get("reason") or "",
    )


def _target_health(given: Mapping[str, Any]) -> TargetHealth:
    return TargetHealth(given["State"], given.get("Reason") or "", given.get("Description") or "")


def _address(given: Mapping[str, Any]) -> str:
    """The private address of an awsvpc task: what its target group knows it by."""
    for attachment in given.get("attachments", []):
        for detail in attachment.get("details", []):
            if detail["name"] == "privateIPv4Address":
                return str(detail["value"])
    return ""


def _task(given: Mapping[str, Any]) -> TaskSeen:
    return TaskSeen(
        arn=given["taskArn"],
        task_definition=given["taskDefinitionArn"],
        last_status=given["lastStatus"],
        desired_status=given.get("desiredStatus", ""),
        health_status=given.get("healthStatus", ""),
        zone=given.get("availabilityZone", ""),
        address=_address(given),
        started_by=given.get("startedBy", ""),
        stop_code=given.get("stopCode", ""),
        stopped_reason=given.get("stoppedReason", ""),
        containers=tuple(
            ContainerSeen(
                name=each["name"],
                image_digest=each.get("imageDigest", ""),
                last_status=each.get("lastStatus", ""),
                health_status=each.get("healthStatus", ""),
                exit_code=each.get("exitCode"),
                reason=each.get("reason", ""),
            )
            for each in given.get("containers", [])
        ),
        created_at=given.get("createdAt"),
        started_at=given.get("startedAt"),
        stopped_at=given.get("stoppedAt"),
    )
