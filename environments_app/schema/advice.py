"""Warnings: what is allowed, but should be known."""

from collections.abc import Iterator

from environments_app.schema import access_rules, compute_rules
from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.facts import INSTANCE_MEMORY_GIB, max_connections, usable_instance_memory_mib
from environments_app.schema.problems import Problem


def warnings(config: EnvironmentConfig, *, tier: str | None = None) -> list[Problem]:
    """Findings that do not refuse a configuration. `tier` is the environment's; production is held to more."""
    production = tier == "production"
    return [
        *_data(config, production),
        *_connections(config),
        *_edge(config, production),
        *(_losses(config) if production else ()),
        *_instances(config),
        *_room(config),
        *access_rules.warnings(config),
        *compute_rules.warnings(config, production=production),
    ]


def _data(config: EnvironmentConfig, production: bool) -> Iterator[Problem]:
    database = config.database
    if database is None:
        return
    if database.backup_retention_days == 0:
        what = "production without backups" if production else "the database has no backups"
        yield Problem("database.backup_retention_days", what, "7 days, or at least 1")
    if production and not database.multi_az:
        yield Problem("database.multi_az", "production without a standby: a zone's failure is an outage", "true")
    if production and not database.deletion_protection:
        yield Problem("database.deletion_protection", "production may be deleted by mistake", "true")
    if "." in database.engine_version:
        yield Problem(
            "database.engine_version",
            f"AWS withdraws minor versions; {database.engine_version} may no longer be offered",
            f"the major version {database.engine_version.split('.')[0]}",
        )
    for name, secret in config.secrets.items():
        # PostgreSQL knows one password per user, and a task is given its own when it starts.
        if secret.rotation and secret.kind in ("database_credentials", "database_url"):
            yield Problem(
                f"secrets.{name}.rotation",
                "after a rotation, running tasks keep their connections and open no new ones",
                "a release, or a deployment of the same one, after each rotation",
            )


def _connections(config: EnvironmentConfig) -> Iterator[Problem]:
    if config.database is None:
        return
    limit = max_connections(config.database.instance_class)
    # A deployment runs old and new tasks side by side, so maximum_percent counts.
    wanted = sum(
        (service.database_connections_per_task or 0) * service.max_count * service.deployment.maximum_percent // 100
        for service in config.services.values()
    )
    if wanted > limit:
        yield Problem(
            "database.instance_class",
            f"at full scale, tasks open {wanted} connections; {config.database.instance_class} takes about {limit}",
            "smaller pools, fewer tasks, or a larger class",
        )


def _edge(config: EnvironmentConfig, production: bool) -> Iterator[Problem]:
    balancer = config.load_balancer
    own = config.terraform is not None
    if not own and balancer and balancer.certificate_arn is None and config.dns is None:
        yield Problem(
            "load_balancer.certificate_arn",
            "no certificate: traffic is plain HTTP",
            "a certificate, or a section dns",
        )
    if production and config.network and config.network.nat_gateways == "single":
        yield Problem("network.nat_gateways", "one NAT gateway is one zone's failure away from none", "per_zone")
    for severity in sorted({alarm.severity for alarm in config.alarms.values()}):
        if not any(route.severity == severity for route in config.alert_routes):
            yield Problem("alert_routes", f"alarms of severity {severity} reach nobody", f"a route for {severity}")


def _losses(config: EnvironmentConfig) -> Iterator[Problem]:
    """What a destroy of production would take along without asking again."""
    lost = {
        "audit_trail.force_destroy": config.audit_trail is not None and config.audit_trail.force_destroy,
        "backup.force_destroy": config.backup.force_destroy,
    }
    for path in (path for path, is_lost in lost.items() if is_lost):
        yield Problem(path, "a destroy of production deletes it with what is in it", "false until then")


def _instances(config: EnvironmentConfig) -> Iterator[Problem]:
    for instance_type in config.compute.ec2.instance_types if config.compute.ec2 else ():
        for name, service in config.services.items():
            if instance_type in INSTANCE_MEMORY_GIB and service.memory_mib > usable_instance_memory_mib(instance_type):
                yield Problem(
                    "compute.ec2.instance_types",
                    f"a task of {name} ({service.memory_mib} MiB) does not fit on {instance_type}",
                    f"types with more than {service.memory_mib} MiB free",
                )


def _room(config: EnvironmentConfig) -> Iterator[Problem]:
    ec2 = config.compute.ec2
    known = [t for t in ec2.instance_types if t in INSTANCE_MEMORY_GIB] if ec2 else []
    if ec2 is None or not known:
        return
    room = ec2.max_instances * max(map(usable_instance_memory_mib, known))
    # A deployment runs old and new tasks side by side, so maximum_percent counts.
    wanted = sum(
        service.memory_mib * (service.max_count * service.deployment.maximum_percent // 100)
        for service in config.services.values()
    )
    if wanted > room:
        yield Problem(
            "compute.ec2.max_instances",
            f"at full scale, a deployment runs tasks of {wanted} MiB; {ec2.max_instances} instances have {room} MiB",
            "more or larger instances, or a lower maximum_percent",
        )
