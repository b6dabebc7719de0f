"""Container instances: EC2 capacity of clusters."""

from __future__ import annotations

from moto.ecs.models import ecs_backends


def runs_tasks(instance_id: str) -> bool:
    """Whether an EC2 instance is a container instance of some cluster."""
    return any(
        held.ec2_instance_id == instance_id
        for _, _, backend in list(ecs_backends.iter_backends())
        for instances in list(backend.container_instances.values())
        for held in list(instances.values())
    )
