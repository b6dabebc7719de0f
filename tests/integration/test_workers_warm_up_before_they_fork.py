"""What a work-horse would look up anew for every run is there before a worker forks it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils.module_loading import import_string

from controlplane.lib.aws import session
from environments_app import warm_up
from environments_app.cost.catalogue import default_catalogue
from environments_app.execution import find_tools

LOOKUPS = (find_tools, default_catalogue, session.client)


@pytest.fixture(autouse=True)
def cold() -> Iterator[None]:
    """Nothing is looked up before, and what these tests make up is forgotten after them."""
    for lookup in LOOKUPS:
        lookup.cache_clear()
    yield
    for lookup in LOOKUPS:
        lookup.cache_clear()


def found() -> tuple[int, ...]:
    return tuple(lookup.cache_info().currsize for lookup in LOOKUPS)


def test_terraform_the_prices_and_the_clients_are_found(settings: Any, tmp_path: Path) -> None:
    settings.SLIPWAY_TERRAFORM_BIN = str(_terraform(tmp_path, "1.11.4"))
    settings.SLIPWAY_TERRAFORM_MIRROR = str(_mirror(tmp_path))
    warm_up.for_terraform()
    assert found() == (1, 1, 3)


def test_a_worker_starts_where_there_is_no_terraform_and_a_run_looks_again(settings: Any, tmp_path: Path) -> None:
    settings.SLIPWAY_TERRAFORM_MIRROR = str(_mirror(tmp_path))
    settings.SLIPWAY_TERRAFORM_BIN = str(tmp_path / "missing")
    warm_up.for_terraform()
    assert found() == (0, 1, 3)
    settings.SLIPWAY_TERRAFORM_BIN = str(_terraform(tmp_path, "1.11.4"))
    assert find_tools()[0] == tmp_path / "terraform"


LOOK = """
import sys
from controlplane.lib.aws import Account, client
from deployments_app.warm_up import for_looks
read = []
sys.addaudithook(lambda event, given: read.append(str(given[0])) if event == "open" else None)
if sys.argv[1] == "warm":
    for_looks()
    read.clear()
for service in ("sts", "ecs", "elbv2", "logs"):
    client(service, Account("eu-central-1", "http://localhost:1"))
print(sum("botocore/data" in path for path in read))
"""


@pytest.mark.parametrize("state", ["cold", "warm"])
def test_a_looks_clients_read_nothing_from_the_disk_any_more(state: str) -> None:
    """In a process of its own, as botocore keeps what it has once read."""
    done = subprocess.run([sys.executable, "-c", LOOK, state], capture_output=True, text=True, check=True)
    assert (int(done.stdout) == 0) == (state == "warm"), done.stdout


def test_each_queue_that_calls_aws_is_warmed(settings: Any) -> None:
    for queue, clients in {"terraform": 3, "looks": 5}.items():
        session.client.cache_clear()
        import_string(settings.SLIPWAY_WARM_UP[queue])()
        assert session.client.cache_info().currsize == clients


def _terraform(folder: Path, version: str) -> Path:
    path = folder / "terraform"
    path.write_text(f'#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n')
    path.chmod(0o755)
    return path


def _mirror(folder: Path) -> Path:
    (folder / "mirror" / "registry.terraform.io").mkdir(parents=True)
    return folder / "mirror"
