"""What a work-horse would look up anew for every run is there before a worker forks it."""

from pathlib import Path
from typing import Any

import pytest

from controlplane.lib.aws import session
from environments_app import warm_up
from environments_app.cost.catalogue import default_catalogue
from environments_app.execution import find_tools


@pytest.fixture(autouse=True)
def cold() -> None:
    for lookup in (find_tools, default_catalogue, session.client):
        lookup.cache_clear()


def found() -> tuple[int, ...]:
    return tuple(lookup.cache_info().currsize for lookup in (find_tools, default_catalogue, session.client))


def test_terraform_the_prices_and_the_clients_are_found(settings: Any, tmp_path: Path) -> None:
    settings.SLIPWAY_TERRAFORM_BIN = str(_terraform(tmp_path, "1.11.4"))
    settings.SLIPWAY_TERRAFORM_MIRROR = str(_mirror(tmp_path))
    warm_up.for_terraform()
    assert found() == (1, 1, 2)


def test_a_worker_starts_where_there_is_no_terraform_and_a_run_looks_again(settings: Any, tmp_path: Path) -> None:
    settings.SLIPWAY_TERRAFORM_MIRROR = str(_mirror(tmp_path))
    settings.SLIPWAY_TERRAFORM_BIN = str(tmp_path / "missing")
    warm_up.for_terraform()
    assert found() == (0, 1, 2)
    settings.SLIPWAY_TERRAFORM_BIN = str(_terraform(tmp_path, "1.11.4"))
    assert find_tools()[0] == tmp_path / "terraform"


def _terraform(folder: Path, version: str) -> Path:
    path = folder / "terraform"
    path.write_text(f'#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n')
    path.chmod(0o755)
    return path


def _mirror(folder: Path) -> Path:
    (folder / "mirror" / "registry.terraform.io").mkdir(parents=True)
    return folder / "mirror"
