"""Rules that join several settings. Errors refuse a configuration, warnings are shown beside it.

A rule is a pure function from a configuration to its findings. The field types have checked each value
by itself before any rule runs.
"""

import ipaddress
from collections.abc import Iterator, Set
from itertools import combinations

from environments_app.schema import access_rules, compute_rules
from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.contradictions import CONTRADICTIONS, Rule
from environments_app.schema.data_rules import copies, database, lifecycles, rotation
from environments_app.schema.facts import (
    CACHE_MEMORY_GIB,
    DATABASE_MEMORY_GIB,
    FARGATE_MEMORY_MIB,
    INSTANCE_CPU_UNITS,
    INSTANCE_MEMORY_GIB,
    usable_instance_memory_mib,
)
from environments_app.schema.own_terraform_rules import either_stack_or_own, own_source
from environments_app.schema.problems import Problem
from environments_app.schema.windows import windows_meet


def _address_space(config: EnvironmentConfig) -> Iterator[Problem]:
    network = config.network
    if network is None:
        return
    vpc = ipaddress.IPv4Network(network.cidr)
    if not 16 <= vpc.prefixlen <= 28:
        yield Problem("network.cidr", f"a VPC cannot be a /{vpc.prefixlen}", "a block between /16 and /28")
    blocks: list[tuple[str, ipaddress.IPv4Network]] = []
    for tier, cidrs in network.subnets:
        if len(cidrs) != network.zone_count and not (tier == "database" and not cidrs):
            yield Problem(
                f"network.subnets.{tier}",
                f"{len(cidrs)} subnets for {network.zone_count} zones",
                f"{network.zone_count} blocks, one per zone",
            )
        blocks += [(f"network.subnets.{tier}.{i}", ipaddress.IPv4Network(c)) for i, c in enumerate(cidrs)]
    for path, block in blocks:
        if not block.subnet_of(vpc):
            yield Problem(path, f"{block} lies outside the VPC's {vpc}", f"a block inside {vpc}")
        if not 16 <= block.prefixlen <= 28:
            yield Problem(path, f"a subnet cannot be a /{block.prefixlen}", "a block between /16 and /28")
    for (first, one), (second, other) in combinations(blocks, 2):
        if one.overlaps(other):
            yield Problem(second, f"{other} overlaps {one} of {first}", "blocks that do not overlap")
    if network.zones and len(network.zones) != network.zone_count:
        yield Problem(
            "network.zones",
            f"{len(network.zones)} zones are named, zone_count is {network.zone_count}",
            f"{network.zone_count} names, or none",
        )
    for index, zone in enumerate(network.zones):
        if not zone.startswith(config.region) or zone == config.region:
            yield Problem(f"network.zones.{index}", f"{zone!r} is no zone of {config.region}", f"{config.region}a")


def _counts(config: EnvironmentConfig) -> Iterator[Problem]:
    for name, service in config.services.items():
        path = f"services.{name}"
        if service.min_count > service.max_count:
            yield Problem(
                f"{path}.min_count",
                f"the minimum {service.min_count} is above the maximum {service.max_count}",
                f"at most {service.max_count}",
            )
        elif not service.min_count <= service.desired_count <= service.max_count:
            yield Problem(
                f"{path}.desired_count",
                f"{service.desired_count} lies outside min_count..max_count",
                f"between {service.min_count} and {service.max_count}",
            )


def _task_sizes(config: EnvironmentConfig) -> Iterator[Problem]:
    for name, service in config.services.items():
        path = f"services.{name}"
        if config.compute.launch_type == "FARGATE":
            memory = FARGATE_MEMORY_MIB.get(service.cpu_units)
            if memory is None:
                yield Problem(
                    f"{path}.cpu_units",
                    f"Fargate has no size of {service.cpu_units} CPU units",
                    f"one of {', '.join(map(str, FARGATE_MEMORY_MIB))}",
                )
            elif service.memory_mib not in memory:
                yield Problem(
                    f"{path}.memory_mib",
                    f"Fargate has no {service.memory_mib} MiB with {service.cpu_units} CPU units",
                    f"one of {', '.join(map(str, memory))}",
                )
        for setting, whole in (("cpu_units", service.cpu_units), ("memory_mib", service.memory_mib)):
            parts = sum(getattr(container, setting) or 0 for container in service.containers.values())
            if parts > whole:
                yield Problem(
                    f"{path}.{setting}", f"its containers ask for {parts}, the task has {whole}", f"at least {parts}"
                )


def _capacity(config: EnvironmentConfig) -> Iterator[Problem]:
    ec2 = config.compute.ec2
    if config.compute.launch_type == "EC2" and ec2 is None:
        yield Problem("compute.ec2", "launch type EC2 without instances", "instance types and their numbers")
    if config.compute.launch_type == "FARGATE" and ec2 is not None:
        yield Problem("compute.ec2", "instances with launch type FARGATE", "null, or launch_type EC2")
    if ec2 is None:
        return
    if ec2.min_instances > ec2.max_instances:
        yield Problem(
            "compute.ec2.min_instances",
            f"the minimum {ec2.min_instances} is above the maximum {ec2.max_instances}",
            f"at most {ec2.max_instances}",
        )
    known = [t for t in ec2.instance_types if t in INSTANCE_MEMORY_GIB]
    for index, instance_type in enumerate(ec2.instance_types):
        if instance_type not in INSTANCE_MEMORY_GIB:
            yield Problem(
                f"compute.ec2.instance_types.{index}",
                f"{instance_type!r} is no known instance type",
                "a type such as t3.medium or m6i.large",
            )
    for name, service in config.services.items():
        if known and all(service.memory_mib > usable_instance_memory_mib(t) for t in known):
            yield Problem(
                f"services.{name}.memory_mib",
                f"a task of {service.memory_mib} MiB fits on none of {', '.join(known)}",
                f"at most {max(map(usable_instance_memory_mib, known))} MiB, or larger instances",
            )
        if known and all(service.cpu_units > INSTANCE_CPU_UNITS[t] for t in known):
            yield Problem(
                f"services.{name}.cpu_units",
                f"a task of {service.cpu_units} CPU units fits on none of {', '.join(known)}",
                f"at most {max(INSTANCE_CPU_UNITS[t] for t in known)}, or larger instances",
            )


def _stores(config: EnvironmentConfig) -> Iterator[Problem]:
    database, cache = config.database, config.cache
    if database:
        if database.instance_class not in DATABASE_MEMORY_GIB:
            yield Problem(
                "database.instance_class",
                f"{database.instance_class!r} is no known instance class",
                "a class such as db.t3.micro, db.t4g.small or db.m6g.large",
            )
        if database.max_storage_gib is not None and database.max_storage_gib <= database.storage_gib:
            yield Problem(
                "database.max_storage_gib",
                f"the limit {database.max_storage_gib} GiB is not above the start of {database.storage_gib} GiB",
                f"more than {database.storage_gib}, or null",
            )
        if database.read_replicas and not database.backup_retention_days:
            yield Problem(
                "database.read_replicas",
                "RDS replicates only with automated backups",
                "backup_retention_days of 1 or more",
            )
        if windows_meet(database.backup_window, database.maintenance_window):
            yield Problem(
                "database.maintenance_window",
                f"{database.maintenance_window} meets the daily backups of {database.backup_window}",
                "windows that do not overlap: RDS refuses others",
            )
    if cache:
        if cache.node_type not in CACHE_MEMORY_GIB:
            yield Problem(
                "cache.node_type",
                f"{cache.node_type!r} is no known node type",
                "a type such as cache.t3.micro or cache.m6g.large",
            )
        if cache.shards > 1 and not cache.cluster_mode:
            yield Problem("cache.shards", f"{cache.shards} shards without cluster mode", "1, or cluster_mode true")
        if cache.automatic_failover and not cache.replicas and not cache.cluster_mode:
            yield Problem(
                "cache.automatic_failover", "there is no replica to fail over to", "false, or 1 replica or more"
            )
        if cache.cluster_mode and not cache.automatic_failover:
            yield Problem("cache.automatic_failover", "cluster mode demands automatic failover", "true")


def _routing(config: EnvironmentConfig) -> Iterator[Problem]:
    priorities: dict[int, str] = {}
    for name, service in config.services.items():
        routing, path = service.routing, f"services.{name}.routing"
        if routing is None:
            continue
        if config.load_balancer is None:
            yield Problem(path, "there is no load balancer", "null, or a section load_balancer")
        container = service.containers.get(routing.container)
        if container is None:
            yield Problem(
                f"{path}.container", f"no container {routing.container!r}", f"one of {', '.join(service.containers)}"
            )
        elif container.port is None:
            yield Problem(
                f"services.{name}.containers.{routing.container}.port",
                "requests go to it, but it has no port",
                "the port it listens on",
            )
        check = routing.health_check
        if check.timeout_seconds >= check.interval_seconds:
            yield Problem(
                f"{path}.health_check.timeout_seconds",
                f"the time-out of {check.timeout_seconds} s is not below the interval of {check.interval_seconds} s",
                f"less than {check.interval_seconds}",
            )
        if 0 < routing.slow_start_seconds < 30:
            yield Problem(
                f"{path}.slow_start_seconds", f"{routing.slow_start_seconds} s is too short", "0, or 30 to 900"
            )
        if routing.priority in priorities:
            yield Problem(
                f"{path}.priority",
                f"{routing.priority} is also that of {priorities[routing.priority]}",
                "a number of its own",
            )
        priorities.setdefault(routing.priority, name)
        if len(routing.paths) + len(routing.hosts) > 5:
            yield Problem(f"{path}.paths", "a listener rule takes 5 values in all", "fewer paths or hosts")


def _rollout(config: EnvironmentConfig) -> Iterator[Problem]:
    for name, service in config.services.items():
        policy, path = service.deployment, f"services.{name}.deployment"
        if policy.minimum_healthy_percent == 100 and policy.maximum_percent == 100:
            yield Problem(
                f"{path}.maximum_percent", "no task may start and none may stop", "more than 100, or a lower minimum"
            )
        if policy.strategy != "rolling" and service.routing is None and service.discovery_name is None:
            yield Problem(
                f"{path}.strategy",
                f"{policy.strategy} shifts traffic, but none is routed",
                "rolling, or a section routing",
            )
        if policy.strategy == "stepped":
            weights = [stage.weight_percent for stage in policy.stages]
            if not weights or weights[-1] != 100 or weights != sorted(set(weights)):
                yield Problem(
                    f"{path}.stages", f"the weights {weights} do not rise to 100", "rising weights, the last one 100"
                )
        elif policy.stages:
            yield Problem(
                f"{path}.stages", f"stages with the strategy {policy.strategy}", "none, or the strategy stepped"
            )
        if service.autoscaling:
            for index, step in enumerate(service.autoscaling.steps):
                if (step.comparison == "above") != (step.adjustment_tasks > 0):
                    yield Problem(
                        f"services.{name}.autoscaling.steps.{index}.adjustment_tasks",
                        f"{step.adjustment_tasks:+d} tasks when {step.metric} is {step.comparison} the threshold",
                        "tasks added above a threshold, removed below one",
                    )


def _secret_rules(config: EnvironmentConfig) -> Iterator[Problem]:
    for name, secret in config.secrets.items():
        path = f"secrets.{name}"
        if (secret.kind == "plain") != (secret.value is not None):
            yield Problem(f"{path}.value", f"the kind is {secret.kind}", "a value for the kind plain, and for no other")
        if secret.kind == "plain" and secret.store != "parameter_store":
            yield Problem(f"{path}.store", "a plain value is no secret", "parameter_store")
        if secret.rotation and secret.store != "secrets_manager":
            yield Problem(f"{path}.rotation", "Parameter Store does not rotate", "null, or secrets_manager")
        if secret.kind in ("database_credentials", "database_url") and config.database is None:
            yield Problem(f"{path}.kind", "there is no database", "a section database")
        if secret.kind == "redis_url" and config.cache is None:
            yield Problem(f"{path}.kind", "there is no cache", "a section cache")


def _edge(config: EnvironmentConfig) -> Iterator[Problem]:
    if config.waf:
        if config.waf.blocked_countries and config.waf.allowed_countries:
            yield Problem("waf.allowed_countries", "countries are both blocked and allowed", "one of the two lists")
        if config.waf.attach_to == "cdn" and config.cdn is None:
            yield Problem("waf.attach_to", "there is no CDN", "load_balancer, or a section cdn")
        if config.waf.attach_to == "api_gateway" and config.api_gateway is None:
            yield Problem("waf.attach_to", "there is no API gateway", "load_balancer, or a section api_gateway")
        if config.waf.attach_to == "load_balancer" and config.load_balancer is None:
            yield Problem("waf.attach_to", "there is no load balancer", "a section load_balancer")
    if config.dns and config.dns.domain != config.dns.zone and not config.dns.domain.endswith(f".{config.dns.zone}"):
        yield Problem(
            "dns.domain",
            f"{config.dns.domain} is not in the zone {config.dns.zone}",
            f"a name under {config.dns.zone}",
        )
    for name, alarm in config.alarms.items():
        if (alarm.metric == "custom") != (alarm.custom is not None):
            yield Problem(
                f"alarms.{name}.custom",
                f"the metric is {alarm.metric}",
                "a section custom for the metric custom, and for no other",
            )
        if (alarm.datapoints_to_alarm or 0) > alarm.evaluation_periods:
            yield Problem(
                f"alarms.{name}.datapoints_to_alarm",
                f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods} periods cannot cross the threshold",
                f"at most {alarm.evaluation_periods}, or null",
            )
        for prefix, section in (
            ("database", config.database),
            ("cache", config.cache),
            ("cdn", config.cdn),
            ("waf", config.waf),
        ):
            if alarm.metric.startswith(f"{prefix}_") and section is None:
                yield Problem(
                    f"alarms.{name}.metric", f"{alarm.metric} without a section {prefix}", f"a section {prefix}"
                )


def references(config: EnvironmentConfig, unread: Set[str] = frozenset()) -> Iterator[Problem]:
    """Names that point at other entries. `unread` are paths of entries that exist but could not be read."""

    def missing(path: str, name: str | None, section: str) -> Iterator[Problem]:
        known = getattr(config, section)
        if section == "services" and not known:
            return  # said once, by either_stack_or_own
        if name is not None and name not in known and f"{section}.{name}" not in unread and section not in unread:
            yield Problem(
                path,
                f"no entry {name!r} in {section}",
                f"one of {', '.join(known)}" if known else f"an entry in {section}",
            )

    for name, service in config.services.items():
        path = f"services.{name}"
        for container_name, container in service.containers.items():
            for variable, reference in container.secrets.items():
                at = f"{path}.containers.{container_name}.secrets.{variable}"
                yield from missing(f"{at}.secret", reference.secret, "secrets")
                if variable in container.environment:
                    yield Problem(at, "the variable is also in environment", "one of the two")
        for index, bucket in enumerate(service.buckets):
            yield from missing(f"{path}.buckets.{index}", bucket, "buckets")
        for index, other in enumerate(service.receives_from):
            yield from missing(f"{path}.receives_from.{index}", other, "services")
        for index, alarm_name in enumerate(service.deployment.rollback_alarms):
            yield from missing(f"{path}.deployment.rollback_alarms.{index}", alarm_name, "alarms")
        if service.migration and service.migration.container not in service.containers:
            yield Problem(
                f"{path}.migration.container",
                f"no container {service.migration.container!r}",
                f"one of {', '.join(service.containers)}",
            )
    for name, alarm in config.alarms.items():
        yield from missing(f"alarms.{name}.service", alarm.service, "services")
        if alarm.metric.startswith("service_") and alarm.service is None:
            yield Problem(
                f"alarms.{name}.service", f"{alarm.metric} is a metric of one service", "the name of a service"
            )
    if config.backup.weekly_export:
        yield from missing("backup.export_bucket", config.backup.export_bucket, "buckets")
    for name in config.file_system.mounts if config.file_system else ():
        yield from missing(f"file_system.mounts.{name}", name, "services")
    if config.cdn:
        yield from missing("cdn.static_bucket", config.cdn.static_bucket, "buckets")
    if config.user_pool:
        for index, social in enumerate(config.user_pool.social_providers):
            yield from missing(f"user_pool.social_providers.{index}.secret", social.secret, "secrets")
        for index, bucket in enumerate(config.user_pool.identity_buckets):
            yield from missing(f"user_pool.identity_buckets.{index}", bucket, "buckets")


ERRORS: tuple[Rule, ...] = (
    either_stack_or_own,
    own_source,
    _address_space,
    _counts,
    _task_sizes,
    _capacity,
    _stores,
    database,
    _routing,
    _rollout,
    _secret_rules,
    rotation,
    copies,
    lifecycles,
    _edge,
    *access_rules.ERRORS,
    *compute_rules.ERRORS,
    *CONTRADICTIONS,
)
