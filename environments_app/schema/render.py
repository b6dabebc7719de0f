"""From a configuration to the Terraform variables of infrastructure/terraform/stack."""

from collections.abc import Callable, Mapping
from typing import Any

from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.facts import DATABASE_MEMORY_GIB, GIB, max_connections
from environments_app.schema.observability import Alarm
from environments_app.schema.problems import Problem

# Settings of a service that belong to the release controller, never to Terraform (design, section 4).
_CONTROLLER_OWNED = {"deployment", "migration", "database_connections_per_task", "discovery_name"}


def render_variables(*, system: str, environment: str, config: EnvironmentConfig) -> dict[str, Any]:
    """The content of a terraform.tfvars.json for the stack. Holds names and rules of secrets, never values.

    What only the release controller uses is left out, so that changing it makes no plan.
    """
    dumped = config.model_dump(mode="json")
    return {
        "system": system,
        "environment": environment,
        "region": config.region,
        "tags": dumped["tags"],
        "network": dumped["network"],
        "cluster": {
            "launch_type": config.compute.launch_type,
            "container_insights": config.compute.container_insights,
            "fargate_spot_percent": config.compute.fargate_spot_percent,
        },
        "services": {
            name: {key: value for key, value in dumped["services"][name].items() if key not in _CONTROLLER_OWNED}
            | {"rollback_alarms": list(service.deployment.rollback_alarms)}
            for name, service in config.services.items()
        },
        "database": dumped["database"],
        "cache": dumped["cache"],
        "buckets": dumped["buckets"],
        "registry": dumped["registry"],
        "load_balancer": dumped["load_balancer"],
        "waf": dumped["waf"],
        "secrets": dumped["secrets"],
        "logs": dumped["logs"],
        "alarms": {
            name: alarm.model_dump(mode="json") | {"threshold": _cloudwatch_threshold(alarm, config)}
            for name, alarm in config.alarms.items()
            if not alarm.metric.startswith("cdn_")
        },
        "dashboards": dumped["dashboard"]["boards"] if dumped["dashboard"] else [],
        "tracing": dumped["tracing"],
        "alert_routes": [
            route.model_dump(mode="json") for route in config.alert_routes if route.channel in ("email", "sms")
        ],
    }


def _cloudwatch_threshold(alarm: Alarm, config: EnvironmentConfig) -> float:
    """A share of a limit in the unit that CloudWatch measures: connections or bytes."""
    share, database = alarm.threshold / 100, config.database
    if alarm.metric == "database_connections_percent" and database:
        return float(int(max_connections(database.instance_class) * share))
    if alarm.metric == "database_free_storage_percent" and database:
        return float(int(database.storage_gib * GIB * share))
    if alarm.metric == "database_free_memory_percent" and database:
        return float(int(DATABASE_MEMORY_GIB[database.instance_class] * GIB * share))
    return alarm.threshold


# What the schema holds and the bundled stack does not make yet: setting -> is it asked for?
_NOT_YET: Mapping[str, Callable[[EnvironmentConfig], bool]] = {
    "compute.ec2": lambda c: c.compute.ec2 is not None,
    "network.network_acls": lambda c: c.network.network_acls,
    "database.read_replicas": lambda c: c.database is not None and c.database.read_replicas > 0,
    "database.enhanced_monitoring_seconds": lambda c: (
        c.database is not None and c.database.enhanced_monitoring_seconds > 0
    ),
    "file_system": lambda c: c.file_system is not None,
    "registry.replica_region": lambda c: c.registry.replica_region is not None,
    "load_balancer.access_logs": lambda c: c.load_balancer is not None and c.load_balancer.access_logs is not None,
    "audit_trail": lambda c: c.audit_trail is not None,
    "logs.encrypted": lambda c: c.logs.encrypted,
    "dns": lambda c: c.dns is not None,
    "cdn": lambda c: c.cdn is not None,
    "waf.attach_to": lambda c: c.waf is not None and c.waf.attach_to == "cdn",
    "api_gateway": lambda c: c.api_gateway is not None,
    "user_pool": lambda c: c.user_pool is not None,
    "schedule": lambda c: c.schedule is not None,
    "backup.copy_region": lambda c: c.backup.copy_region is not None,
    "services.*.discovery_name": lambda c: any(s.discovery_name for s in c.services.values()),
    "buckets.*.replica_region": lambda c: any(b.replica_region for b in c.buckets.values()),
    "secrets.*.rotation": lambda c: any(s.rotation for s in c.secrets.values()),
}


def unprovisioned(config: EnvironmentConfig) -> list[Problem]:
    """Settings that are recorded, but that the bundled stack does not provision yet."""
    return [
        Problem(
            path,
            "is recorded, but the bundled stack does not provision it yet",
            "no action: it is kept, and made once the stack can",
        )
        for path, asked in _NOT_YET.items()
        if asked(config)
    ]
