"""What every look needs and nothing changes, read once before a worker forks (lib/queue.py, Worker)."""

from controlplane.lib.aws import read_descriptions

CLIENTS = ("sts", "ecs", "elbv2", "logs", "application-autoscaling")
"""What a look calls; sts where the account has a role."""


def for_looks() -> None:
    """What boto3 reads from the disk: over a tenth of a second of each job of looks otherwise."""
    read_descriptions(CLIENTS)
