"""Further rules: settings that are right by themselves and make no sense together (see rules.py)."""

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.problems import Problem

Rule = Callable[[EnvironmentConfig], Iterator[Problem]]


def _ways_out(config: EnvironmentConfig) -> Iterator[Problem]:
    """A task fetches its image and secrets before it starts, and the bundled stack gives no way but these two."""
    if config.network is None or config.network.nat_gateways != "none":
        return
    for name, service in config.services.items():
        if service.tier == "private":
            yield Problem(
                f"services.{name}.tier",
                "its tasks are in private subnets without a NAT gateway and could not fetch their images",
                "public, or network.nat_gateways single or per_zone",
            )


def _other_regions(config: EnvironmentConfig) -> Iterator[Problem]:
    copies = {
        "backup.copy_region": config.backup.copy_region,
        "registry.replica_region": config.registry.replica_region,
        **{f"buckets.{name}.replica_region": bucket.replica_region for name, bucket in config.buckets.items()},
    }
    for path, region in copies.items():
        if region == config.region:
            yield Problem(path, f"{region} is where the environment itself is", "another region, or null")


def _schedules(config: EnvironmentConfig) -> Iterator[Problem]:
    schedule = config.schedule
    if schedule and schedule.start == schedule.stop:
        yield Problem("schedule.stop", f"it scales down at {schedule.stop}, when it scales up", "another time")
    for name, service in config.services.items():
        if schedule and schedule.off_hours_count > service.max_count:
            yield Problem(
                "schedule.off_hours_count",
                f"{schedule.off_hours_count} tasks of {name}, which has {service.max_count} at most",
                f"at most {service.max_count}",
            )
    for index, window in enumerate(config.change_windows):
        opens, _, closes = window.hours.partition("-")
        if opens == closes:
            yield Problem(f"change_windows.{index}.hours", f"it closes when it opens, at {opens}", "a later end")


def _names(config: EnvironmentConfig) -> Iterator[Problem]:
    """Names outside of the configuration that two entries would share."""
    yield from _shared({f"secrets.{n}.path": s.path and f"{s.store}:{s.path}" for n, s in config.secrets.items()})
    yield from _shared({f"buckets.{name}.name": bucket.name for name, bucket in config.buckets.items()})
    yield from _shared({f"services.{n}.discovery_name": s.discovery_name for n, s in config.services.items()})
    domains = [config.dns.domain, *config.dns.alternative_names] if config.dns else []
    if len(set(domains)) < len(domains):
        yield Problem("dns.alternative_names", "a name stands twice on the certificate", "each name once")


def _shared(names: Mapping[str, str | None]) -> Iterator[Problem]:
    taken = {path: name for path, name in names.items() if name}
    for (one, name), (other, same) in combinations(taken.items(), 2):
        if name == same:
            yield Problem(other, f"{name.partition(':')[2] or name} is also that of {one}", "a name of its own")


def _calls(config: EnvironmentConfig) -> Iterator[Problem]:
    for name, service in config.services.items():
        path = f"services.{name}"
        if name in service.receives_from:
            yield Problem(f"{path}.receives_from", f"{name} calls itself", "other services only")
        if service.receives_from and not any(container.port for container in service.containers.values()):
            yield Problem(f"{path}.receives_from", "none of its containers has a port", "a port, or none that calls it")


def _alarms(config: EnvironmentConfig) -> Iterator[Problem]:
    for name, alarm in config.alarms.items():
        if alarm.metric.endswith("_percent") and alarm.threshold > 100:
            yield Problem(f"alarms.{name}.threshold", f"{alarm.threshold:g} percent is never reached", "at most 100")


def _origins(config: EnvironmentConfig) -> Iterator[Problem]:
    cdn = config.cdn
    if cdn is None:
        return
    if config.load_balancer is None and cdn.static_bucket is None:
        yield Problem("cdn", "there is nothing behind it", "a section load_balancer, or a static_bucket")
    if cdn.static_paths and cdn.static_bucket is None:
        yield Problem("cdn.static_paths", "no bucket serves these paths", "a static_bucket, or no static_paths")
    balancer = config.load_balancer
    if balancer and balancer.scheme == "internal":
        yield Problem("load_balancer.scheme", "a CDN cannot reach an internal load balancer", "internet-facing")
    if balancer and balancer.certificate_arn and config.dns is None:
        yield Problem("cdn", "it cannot check the load balancer's certificate without a name", "a section dns")


def _alarms_elsewhere(config: EnvironmentConfig) -> Iterator[Problem]:
    """ECS watches alarms of its own region; those of CloudFront and of a WAF at it are in us-east-1."""
    if config.region == "us-east-1" or config.cdn is None:
        return
    at_cdn = config.waf is not None and config.waf.attach_to == "cdn"
    elsewhere = {
        name
        for name, alarm in config.alarms.items()
        if alarm.metric.startswith("cdn_") or (at_cdn and alarm.metric == "waf_blocked_requests")
    }
    for service, settings in config.services.items():
        for index, alarm in enumerate(settings.deployment.rollback_alarms):
            if alarm in elsewhere:
                yield Problem(
                    f"services.{service}.deployment.rollback_alarms.{index}",
                    f"{alarm} is an alarm in us-east-1, which ECS does not see from {config.region}",
                    "an alarm of the environment's region",
                )


CONTRADICTIONS: tuple[Rule, ...] = (
    _ways_out,
    _other_regions,
    _schedules,
    _names,
    _calls,
    _alarms,
    _origins,
    _alarms_elsewhere,
)
