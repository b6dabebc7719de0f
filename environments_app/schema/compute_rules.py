"""What the settings of capacity, scaling and names must keep to among each other, and what is unwise."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.problems import Problem
from environments_app.schema.services import Service

_ARM_TYPE = re.compile(r"^[a-z]+\d+g[a-z]*\.")
"""Instance types with AWS's own (ARM) processors have a g after their generation: t4g, m7gd."""
_ROOT = re.compile(r"^(root|0)(:.*)?$")


def _instances(config: EnvironmentConfig) -> Iterator[Problem]:
    compute = config.compute
    if compute.launch_type != "EC2":
        return
    if compute.fargate_spot_percent:
        yield Problem(
            "compute.fargate_spot_percent", "tasks run on instances, not on Fargate", "0, or ec2.spot_percent"
        )
    first, architecture = next((name, service.cpu_architecture) for name, service in config.services.items())
    for name, service in config.services.items():
        path = f"services.{name}"
        if service.cpu_architecture != architecture:
            yield Problem(
                f"{path}.cpu_architecture",
                f"{service.cpu_architecture} beside {architecture} of {first}: all share the same instances",
                architecture,
            )
        if service.tier == "public":
            yield Problem(f"{path}.tier", "tasks on instances cannot have public addresses", "private")
        if service.ephemeral_storage_gib is not None:
            yield Problem(
                f"{path}.ephemeral_storage_gib",
                "only Fargate has it; tasks on instances share the volume",
                "null, and a larger compute.ec2.root_volume_gib",
            )
    for index, instance_type in enumerate(compute.ec2.instance_types if compute.ec2 else ()):
        if bool(_ARM_TYPE.match(instance_type)) != (architecture == "ARM64"):
            yield Problem(
                f"compute.ec2.instance_types.{index}",
                f"{instance_type} does not run images for {architecture}",
                "types of the services' cpu_architecture",
            )


def _discovery(config: EnvironmentConfig) -> Iterator[Problem]:
    for name, service in config.services.items():
        if service.discovery_name is None:
            continue
        ports = [container for container, settings in service.containers.items() if settings.port is not None]
        if service.routing is None and len(ports) != 1:
            yield Problem(
                f"services.{name}.discovery_name",
                f"{len(ports)} containers have a port: which one answers?" if ports else "no container has a port",
                "one container with a port, or a section routing that names it",
            )


def _scaling(config: EnvironmentConfig) -> Iterator[Problem]:
    for name, service in config.services.items():
        if service.autoscaling is None:
            continue
        path = f"services.{name}.autoscaling"
        tracked = Counter(policy.metric for policy in service.autoscaling.target_tracking)
        for metric in (metric for metric, count in tracked.items() if count > 1):
            yield Problem(f"{path}.target_tracking", f"{metric} is tracked twice", "one target for each metric")
        steps = Counter((step.metric, step.comparison, step.threshold_percent) for step in service.autoscaling.steps)
        for (metric, comparison, threshold), count in steps.items():
            if count > 1:
                yield Problem(
                    f"{path}.steps",
                    f"two steps act when {metric} is {comparison} {threshold:g} %",
                    "one step for each limit",
                )


ERRORS: tuple[Callable[[EnvironmentConfig], Iterator[Problem]], ...] = (_instances, _discovery, _scaling)


def warnings(config: EnvironmentConfig, *, production: bool) -> Iterator[Problem]:
    """What is allowed, but should be known."""
    yield from _users(config, production)
    schedule = config.schedule
    if schedule and all(schedule.off_hours_count >= _fewest(service) for service in config.services.values()):
        yield Problem(
            "schedule.off_hours_count",
            "every service may be as small all day, so the schedule changes nothing",
            "fewer tasks than a service's min_count",
        )


def _fewest(service: Service) -> int:
    return service.min_count if service.autoscaling else service.desired_count


def _users(config: EnvironmentConfig, production: bool) -> Iterator[Problem]:
    """Containers that run as root; in production also those of which only the image knows."""
    for name, service in config.services.items():
        for container, settings in service.containers.items():
            path = f"services.{name}.containers.{container}.user"
            if settings.user is not None and _ROOT.match(settings.user):
                yield Problem(path, "the container runs as root", "another user, such as 1000:1000")
            elif settings.user is None and production:
                yield Problem(
                    path, "the image decides who runs it, and most images say root", "a user, such as 1000:1000"
                )
