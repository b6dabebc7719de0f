"""From a configuration to the Terraform variables of infrastructure/terraform/stack."""

from typing import Any

from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.facts import DATABASE_MEMORY_GIB, GIB, max_connections
from environments_app.schema.observability import Alarm

# Settings of a service that belong to the release controller, never to Terraform (design, section 4).
CONTROLLER_OWNED = {"deployment", "migration", "database_connections_per_task"}


def render_variables(*, system: str, environment: str, config: EnvironmentConfig) -> dict[str, Any]:
    """The content of a terraform.tfvars.json for the stack. Holds names and rules of secrets, never values.

    What only the release controller uses is left out, so that changing it makes no plan.
    """
    dumped = config.model_dump(mode="json")
    return {
        "system": system,
        "environment": environment,
        "region": config.region,
        "copy_region": _copy_region(config),
        "tags": dumped["tags"],
        "network": dumped["network"],
        "cluster": {
            "launch_type": config.compute.launch_type,
            "container_insights": config.compute.container_insights,
            "fargate_spot_percent": config.compute.fargate_spot_percent,
            "ec2": dumped["compute"]["ec2"],
        },
        "services": {
            name: {key: value for key, value in dumped["services"][name].items() if key not in CONTROLLER_OWNED}
            | {"rollback_alarms": list(service.deployment.rollback_alarms)}
            for name, service in config.services.items()
        },
        "schedule": dumped["schedule"],
        "people_roles": dumped["people_roles"],
        "database": dumped["database"],
        "cache": dumped["cache"],
        "buckets": dumped["buckets"],
        "file_system": dumped["file_system"],
        "registry": dumped["registry"],
        "load_balancer": dumped["load_balancer"],
        "dns": dumped["dns"],
        "cdn": dumped["cdn"],
        "waf": dumped["waf"],
        "api_gateway": dumped["api_gateway"],
        "user_pool": dumped["user_pool"],
        "secrets": dumped["secrets"],
        "logs": dumped["logs"],
        "backup": {
            name: dumped["backup"][name] for name in ("copy_region", "weekly_export", "export_bucket", "force_destroy")
        },
        "audit_trail": dumped["audit_trail"],
        "alarms": {
            name: alarm.model_dump(mode="json") | {"threshold": _cloudwatch_threshold(alarm, config)}
            for name, alarm in config.alarms.items()
        },
        "dashboards": dumped["dashboard"]["boards"] if dumped["dashboard"] else [],
        "tracing": dumped["tracing"],
        "alert_routes": [
            route.model_dump(mode="json") for route in config.alert_routes if route.channel in ("email", "sms")
        ],
    }


def _copy_region(config: EnvironmentConfig) -> str:
    """The one region of all copies (data_rules.copies); the environment's own where nothing is copied."""
    asked = [config.backup.copy_region, *(bucket.replica_region for bucket in config.buckets.values())]
    return next((region for region in asked if region is not None), config.region)


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
