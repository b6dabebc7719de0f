"""What `GET /_sandbox/state` answers: everything that the page shows, over all accounts and regions.

Reads the engine's state as it is; call it under the engine's lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends

from sandbox.ecs.model import WAITING, Service, ServiceDeployment, Task
from sandbox.ecs.scheduling import breaker_threshold
from sandbox.moto_ext.elbv2 import forwarded_groups
from sandbox.proxy.listeners import ListenerInfo

TASKS_SHOWN = 30  # of a service: a page of thousands would be of no use
_EVENTS_SHOWN = 5
_FINISHED_SHOWN = 20  # one-off tasks that have stopped

Document = dict[str, Any]


def services() -> list[Document]:
    """Every service that has not been deleted, with its tasks and its newest deployment."""
    found = []
    for account, region, backend in list(ecs_backends.iter_backends()):
        scaling = applicationautoscaling_backends[account][region].targets.get("ecs:service:DesiredCount", {})
        for service in list(backend.services.values()):
            if service.status == "INACTIVE":
                continue
            target = scaling.get(f"service/{service.cluster_name}/{service.name}")
            bounds = {"min": target.min_capacity, "max": target.max_capacity} if target else None
            found.append(_service(service, backend.members(service), region) | {"scaling": bounds})
    return sorted(found, key=lambda each: (each["region"], each["cluster"], each["name"]))


def _service(service: Service, tasks: list[Task], region: str) -> Document:
    present = [task for task in tasks if task.last_status != "STOPPED"]
    return {
        "region": region,
        "cluster": service.cluster_name,
        "name": service.name,
        "status": service.status,
        "desired": service.desired_count,
        "running": sum(task.last_status == "RUNNING" for task in present),
        "pending": sum(task.last_status in WAITING for task in present),
        "deployment": _deployment(service, service.deployments[0], present) if service.deployments else None,
        "tasks": [_task(task, service) for task in present[:TASKS_SHOWN]],
        "more_tasks": max(len(present) - TASKS_SHOWN, 0),
        "events": [
            {"at": _stamp(event["createdAt"]), "message": event["message"]} for event in service.events[:_EVENTS_SHOWN]
        ],
    }


def _deployment(service: Service, deployment: ServiceDeployment, tasks: list[Task]) -> Document:
    target = service.revisions.get(deployment.target_revision)
    new = {each.id for each in service.rollouts if each.revision_arn == deployment.target_revision}
    breaker = deployment.configuration.get("deploymentCircuitBreaker") or {}
    return {
        "id": deployment.arn.rsplit("/", 1)[-1],
        "strategy": deployment.configuration.get("strategy") or "ROLLING",
        "status": deployment.status,
        "reason": deployment.status_reason,
        "live": deployment.live,
        "definition": target.task_definition.rsplit("/", 1)[-1] if target else None,
        "started": _stamp(deployment.started_at or deployment.created_at),
        "finished": _stamp(deployment.finished_at),
        "stages": [each.stage for each in deployment.steps] if deployment.staged else [],
        "stage": deployment.step if deployment.staged and deployment.live else None,
        "weight": deployment.production if deployment.staged else None,
        "new_tasks": sum(task.rollout_id in new and task.last_status == "RUNNING" for task in tasks),
        "old_tasks": sum(task.rollout_id not in new and task.last_status == "RUNNING" for task in tasks),
        "failures": deployment.failures,
        "threshold": breaker_threshold(service.desired_count, breaker.get("thresholdConfiguration"))
        if breaker.get("enable") and not deployment.staged
        else None,
    }


def _task(task: Task, service: Service | None) -> Document:
    newest = service is not None and service.rollouts and task.rollout_id == service.rollouts[0].id
    return {
        "id": task.id,
        "group": task.group,
        "status": task.last_status,
        "stopping": not task.meant_to_run,
        "new": bool(newest),
        "definition": task.task_definition_arn.rsplit("/", 1)[-1],
        "image": task.containers[0].image.rsplit("/", 1)[-1] if task.containers else "",
        "health": _health(task),
        "zone": task.availability_zone,
        "address": task.private_ip,
        "since": _stamp(task.started_at or task.created_at),
        "exit_code": next((each.exit_code for each in task.containers if each.exit_code is not None), None),
        "reason": task.stopped_reason,
    }


def _health(task: Task) -> str:
    if task.last_status != "RUNNING":
        return ""
    return "healthy" if task.healthy else "not healthy yet" if not task.was_healthy else "unhealthy"


def one_off_tasks() -> list[Document]:
    """Tasks that belong to no service, newest first."""
    tasks = [
        task
        for _, _, backend in list(ecs_backends.iter_backends())
        for task in backend.all_tasks()
        if task.service is None
    ]
    tasks.sort(key=lambda task: task.created_at, reverse=True)
    present = [task for task in tasks if task.last_status != "STOPPED"]
    return [_task(task, None) for task in [*present, *[t for t in tasks if t not in present][:_FINISHED_SHOWN]]]


def listeners(known: Collection[ListenerInfo]) -> list[Document]:
    """Every listener with its rules in the order in which they are tried, and where the traffic of each goes."""
    urls = {each.listener: each.url for each in known}
    found = []
    for _, region, backend in list(elbv2_backends.iter_backends()):
        for balancer in list(backend.load_balancers.values()):
            for listener in list(balancer.listeners.values()):
                rules = sorted(
                    (rule for rule in list(listener.rules.values()) if rule.actions),
                    key=lambda rule: (bool(rule.is_default), 0 if rule.is_default else int(rule.priority)),
                )
                found.append(
                    {
                        "region": region,
                        "balancer": balancer.name,
                        "protocol": listener.protocol,
                        "port": int(listener.port),
                        "url": urls.get(listener.arn),
                        "rules": [_rule(backend, rule) for rule in rules],
                    }
                )
    return found


def _rule(backend: Any, rule: Any) -> Document:
    action = rule.actions[-1].data
    return {
        "priority": "default" if rule.is_default else str(rule.priority),
        "conditions": [_condition(each) for each in rule.conditions],
        "action": _action(action),
        "groups": [_group(backend, arn, weight) for arn, weight in forwarded_groups(action).items()],
    }


def _condition(given: Mapping[str, Any]) -> str:
    field = str(given.get("Field"))
    config: Mapping[str, Any] = next((value for key, value in given.items() if key.endswith("Config") and value), {})
    values = config.get("Values") or given.get("Values") or []
    name = f" {config['HttpHeaderName']}" if config.get("HttpHeaderName") else ""
    texts = [
        f"{each.get('Key', '')}={each.get('Value', '')}" if isinstance(each, Mapping) else str(each) for each in values
    ]
    return f"{field}{name}: {', '.join(texts)}"


def _action(action: Mapping[str, Any]) -> str:
    if action.get("Type") == "redirect":
        config = action.get("RedirectConfig") or {}
        return f"redirects to {config.get('Protocol', '#{protocol}')} {config.get('Port', '#{port}')}"
    if action.get("Type") == "fixed-response":
        return f"answers {(action.get('FixedResponseConfig') or {}).get('StatusCode')}"
    return "forwards"


def _group(backend: Any, arn: str, weight: int) -> Document:
    group = backend.target_groups.get(arn)
    if group is None:
        return {"name": arn, "weight": weight, "targets": {}, "problems": []}
    states = [group.health_for(target, None) for target in group.all_targets()]
    return {
        "name": group.name,
        "weight": weight,
        "targets": dict(Counter(each.status for each in states)),
        "problems": sorted({each.description for each in states if each.status == "unhealthy" and each.description}),
    }


def alarms(forced: Collection[str]) -> list[Document]:
    """Every alarm, those that ring first. `forced`: the ones that an ordered fault holds in ALARM."""
    found = [
        {
            "region": region,
            "name": alarm.name,
            "state": alarm.state_value,
            "reason": alarm.state_reason,
            "since": _stamp(alarm.state_transitioned_timestamp),
            "forced": alarm.name in forced,
        }
        for _, region, backend in list(cloudwatch_backends.iter_backends())
        for alarm in list(backend.alarms.values())
    ]
    return sorted(found, key=lambda each: (each["state"] != "ALARM", each["region"], each["name"]))


def zones() -> list[str]:
    """The availability zones in which tasks run."""
    return sorted({task.availability_zone for task in _tasks() if task.last_status != "STOPPED"})


def _tasks() -> Iterator[Task]:
    for _, _, backend in list(ecs_backends.iter_backends()):
        yield from backend.all_tasks()


def _stamp(at: datetime | None) -> str | None:
    """Some of moto's timestamps name no zone: those are UTC."""
    if at is None:
        return None
    text = at.isoformat(timespec="seconds")
    return text if at.tzinfo else f"{text}Z"
