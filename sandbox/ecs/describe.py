"""The model in the shapes of the ECS API (botocore's names). Pure; fields that are None are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sandbox.ecs import traffic
from sandbox.ecs.hooks import HookRun
from sandbox.ecs.model import WAITING, Container, Revision, Rollout, Service, ServiceDeployment, Task
from sandbox.ecs.scheduling import breaker_threshold
from sandbox.ecs.strategies import Hook

_REVISION_FIELDS = (
    "capacityProviderStrategy",
    "launchType",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
)


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def service(held: Service, tasks: Sequence[Task]) -> dict[str, Any]:
    deployment = held.deployment
    return held.settings | _present(
        serviceArn=held.arn,
        serviceName=held.name,
        clusterArn=held.cluster_arn,
        status=held.status,
        desiredCount=held.desired_count,
        runningCount=_running(tasks),
        pendingCount=_pending(tasks),
        taskDefinition=held.task_definition,
        deploymentConfiguration=held.deployment_configuration,
        deployments=[rollout(held, each, tasks) for each in held.rollouts],
        events=list(held.events),
        createdAt=held.created_at,
        createdBy=held.created_by or None,
        tags=held.tags,
        taskSets=[],
        currentServiceDeployment=deployment.arn if deployment else None,
        currentServiceRevisions=[_current_revision(each, tasks) for each in held.rollouts],
    )


def rollout(held: Service, each: Rollout, tasks: Sequence[Task]) -> dict[str, Any]:
    own = [task for task in tasks if task.rollout_id == each.id]
    settings = held.revisions[each.revision_arn].settings
    return _present(
        id=each.id,
        status=each.status,
        taskDefinition=held.revisions[each.revision_arn].task_definition,
        desiredCount=held.desired_count if each.status == "PRIMARY" else sum(task.meant_to_run for task in own),
        pendingCount=_pending(own),
        runningCount=_running(own),
        failedTasks=each.failed_tasks,
        createdAt=each.created_at,
        updatedAt=each.updated_at,
        rolloutState=each.state,
        rolloutStateReason=each.reason,
        launchType=settings.get("launchType"),
        capacityProviderStrategy=settings.get("capacityProviderStrategy"),
        platformVersion=settings.get("platformVersion"),
        networkConfiguration=settings.get("networkConfiguration"),
        serviceConnectConfiguration=settings.get("serviceConnectConfiguration"),
    )


def service_deployment(
    held: Service, deployment: ServiceDeployment, tasks: Sequence[Task], at: Callable[[float], datetime]
) -> dict[str, Any]:
    """`at`: when a moment of sandbox time comes."""
    breaker = deployment.configuration.get("deploymentCircuitBreaker") or {}
    alarms = deployment.configuration.get("alarms") or {}
    rollback = _present(
        reason=deployment.rollback_reason,
        startedAt=deployment.rollback_started_at,
        serviceRevisionArn=deployment.rollback_revision,
    )
    return _present(
        serviceDeploymentArn=deployment.arn,
        serviceArn=held.arn,
        clusterArn=held.cluster_arn,
        createdAt=deployment.created_at,
        startedAt=deployment.started_at,
        finishedAt=deployment.finished_at,
        stoppedAt=deployment.stopped_at,
        updatedAt=deployment.updated_at,
        sourceServiceRevisions=[
            _revision_summary(held, arn, tasks) | _traffic(held, deployment, arn) for arn in deployment.source_revisions
        ],
        targetServiceRevision=_revision_summary(held, deployment.target_revision, tasks)
        | _traffic(held, deployment, deployment.target_revision),
        status=deployment.status,
        statusReason=deployment.status_reason,
        lifecycleStage=deployment.stage if deployment.staged and deployment.started_at else None,
        lifecycleHookDetails=[lifecycle_hook(hook, at) for hook in deployment.hooks] or None,
        deploymentConfiguration=deployment.configuration,
        rollback=rollback or None,
        deploymentCircuitBreaker={
            "status": _monitor(
                bool(breaker.get("enable")) and not deployment.staged, deployment.breaker_triggered, deployment.live
            ),
            "failureCount": deployment.failures,
            "threshold": breaker_threshold(held.desired_count, breaker.get("thresholdConfiguration")),
        },
        alarms={
            "status": _monitor(
                bool(alarms.get("enable")) and not deployment.alarms_ignored,
                bool(deployment.alarms_triggered),
                deployment.live,
            ),
            "alarmNames": alarms.get("alarmNames", []),
            "triggeredAlarmNames": deployment.alarms_triggered,
        },
    )


def lifecycle_hook(hook: HookRun, at: Callable[[float], datetime]) -> dict[str, Any]:
    return _present(
        hookId=hook.id,
        targetType=hook.target_type,
        targetArn=hook.target_arn,
        status=hook.status,
        expiresAt=at(hook.due) if hook.meaning is Hook.WAITING else None,
        timeoutAction=hook.action,
    )


def _traffic(held: Service, deployment: ServiceDeployment, arn: str) -> dict[str, float]:
    """The weights that a staged deployment asks for; none where it moves no traffic."""
    target = held.revisions.get(deployment.target_revision)
    if not deployment.staged or target is None or not target.resolved:
        return {}
    if arn == deployment.target_revision:
        production, test = deployment.production, deployment.test
    elif arn == deployment.source_revision:
        production, test = 100 - deployment.production, 100 - deployment.test
    else:
        production = test = 0.0
    weights = {"requestedProductionTrafficWeight": production}
    return weights | ({"requestedTestTrafficWeight": test} if traffic.has_test_rule(target) else {})


def service_deployment_brief(held: Service, deployment: ServiceDeployment) -> dict[str, Any]:
    return _present(
        serviceDeploymentArn=deployment.arn,
        serviceArn=held.arn,
        clusterArn=held.cluster_arn,
        startedAt=deployment.started_at,
        createdAt=deployment.created_at,
        finishedAt=deployment.finished_at,
        targetServiceRevisionArn=deployment.target_revision,
        status=deployment.status,
        statusReason=deployment.status_reason,
    )


def service_revision(held: Service, revision: Revision) -> dict[str, Any]:
    answered = {name: revision.settings[name] for name in _REVISION_FIELDS if revision.settings.get(name)}
    return answered | _present(
        serviceRevisionArn=revision.arn,
        serviceArn=held.arn,
        clusterArn=held.cluster_arn,
        taskDefinition=revision.task_definition,
        platformFamily="Linux",
        containerImages=[{"containerName": name, **image} for name, image in revision.container_images.items()],
        resolvedConfiguration={"loadBalancers": traffic.resolved(revision)} if revision.resolved else None,
        createdAt=revision.created_at,
    )


def task(held: Task) -> dict[str, Any]:
    return _present(
        taskArn=held.arn,
        clusterArn=held.cluster_arn,
        taskDefinitionArn=held.task_definition_arn,
        group=held.group,
        startedBy=held.started_by or None,
        launchType=held.launch_type,
        capacityProviderName=held.capacity_provider,
        containerInstanceArn=held.instance,
        platformVersion=held.platform_version,
        platformFamily="Linux" if held.platform_version else None,
        availabilityZone=held.availability_zone,
        desiredStatus=held.desired_status,
        lastStatus=held.last_status,
        healthStatus=_worst_health(held.containers),
        containers=[container(held, each) for each in held.containers],
        attachments=_attachments(held),
        overrides=held.overrides | {"containerOverrides": held.overrides.get("containerOverrides", [])},
        tags=held.tags,
        cpu=held.cpu,
        memory=held.memory,
        enableExecuteCommand=held.enable_execute_command,
        stopCode=held.stop_code,
        stoppedReason=held.stopped_reason,
        version=held.version,
        connectivity="CONNECTED" if held.started_at else None,
        connectivityAt=held.started_at,
        createdAt=held.created_at,
        pullStartedAt=held.pull_started_at,
        pullStoppedAt=held.pull_stopped_at,
        startedAt=held.started_at,
        stoppingAt=held.stopping_at,
        executionStoppedAt=held.execution_stopped_at,
        stoppedAt=held.stopped_at,
    )


def container(owner: Task, held: Container) -> dict[str, Any]:
    interface = {"attachmentId": attachment_id(owner), "privateIpv4Address": owner.private_ip}
    return _present(
        containerArn=held.arn,
        taskArn=owner.arn,
        name=held.name,
        image=held.image,
        imageDigest=held.image_digest,
        runtimeId=held.runtime_id,
        lastStatus=held.last_status,
        exitCode=held.exit_code,
        reason=held.reason,
        healthStatus=held.health_status,
        networkBindings=_bindings(owner, held),
        networkInterfaces=[interface] if owner.subnet_id and owner.private_ip else [],
        cpu=str(held.definition.get("cpu", 0)),
        memory=_text(held.definition.get("memory")),
        memoryReservation=_text(held.definition.get("memoryReservation")),
    )


def _bindings(owner: Task, held: Container) -> list[dict[str, Any]]:
    if held.last_status != "RUNNING":
        return []
    return [
        {"bindIP": "0.0.0.0", "containerPort": port, "hostPort": host_port, "protocol": "tcp"}  # noqa: S104  a description
        for (name, port), host_port in owner.host_ports.items()
        if name == held.name
    ]


def attachment_id(owner: Task) -> str:
    """An id of its own that needs no storing: the task's, in another order."""
    return owner.id[::-1]


def _attachments(held: Task) -> list[dict[str, Any]]:
    if not held.subnet_id:
        return []
    details = {"subnetId": held.subnet_id}
    if held.private_ip:
        octets = [int(part) for part in held.private_ip.split(".")]
        details |= {
            "networkInterfaceId": f"eni-{held.id[:17]}",
            "macAddress": "02:42:" + ":".join(f"{octet:02x}" for octet in octets),
            "privateDnsName": f"ip-{'-'.join(map(str, octets))}.ec2.internal",
            "privateIPv4Address": held.private_ip,
        }
    state = "DELETED" if held.last_status == "STOPPED" else "ATTACHED"
    return [
        {
            "id": attachment_id(held),
            "type": "ElasticNetworkInterface",
            "status": "PRECREATED" if held.last_status == "PROVISIONING" else state,
            "details": [{"name": name, "value": value} for name, value in details.items()],
        }
    ]


def _running(tasks: Iterable[Task]) -> int:
    return sum(task.last_status == "RUNNING" for task in tasks)


def _pending(tasks: Iterable[Task]) -> int:
    return sum(task.last_status in WAITING and task.meant_to_run for task in tasks)


def _current_revision(each: Rollout, tasks: Sequence[Task]) -> dict[str, Any]:
    own = [task for task in tasks if task.rollout_id == each.id]
    return {
        "arn": each.revision_arn,
        "requestedTaskCount": sum(task.meant_to_run for task in own),
        "runningTaskCount": _running(own),
        "pendingTaskCount": _pending(own),
    }


def _revision_summary(held: Service, arn: str, tasks: Sequence[Task]) -> dict[str, Any]:
    rollouts = {each.id for each in held.rollouts if each.revision_arn == arn}
    own = [task for task in tasks if task.rollout_id in rollouts]
    return {
        "arn": arn,
        "requestedTaskCount": sum(task.meant_to_run for task in own),
        "runningTaskCount": _running(own),
        "pendingTaskCount": _pending(own),
    }


def _monitor(enabled: bool, triggered: bool, live: bool) -> str:
    if not enabled:
        return "DISABLED"
    if triggered:
        return "TRIGGERED"
    return "MONITORING" if live else "MONITORING_COMPLETE"


def _worst_health(containers: Iterable[Container]) -> str:
    checked = [each.health_status for each in containers if each.definition.get("healthCheck")]
    if not checked:
        return "UNKNOWN"
    return next((status for status in ("UNHEALTHY", "UNKNOWN") if status in checked), "HEALTHY")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
