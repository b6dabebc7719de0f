"""What every run needs and nothing changes, found once before a worker forks (lib/queue.py, Worker)."""

from contextlib import suppress

from controlplane.lib.aws import read_descriptions
from controlplane.lib.errors import SlipwayError
from environments_app.cost.catalogue import default_catalogue
from environments_app.execution import find_tools


def for_terraform() -> None:
    """Terraform and its providers, the prices, what boto3 reads from the disk: over a second of each run otherwise."""
    # Where there is no Terraform a run fails in words; the worker itself can also do other work.
    with suppress(SlipwayError):
        find_tools()
    default_catalogue()
    read_descriptions(("sts", "s3", "ecs"))
