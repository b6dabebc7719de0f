"""The whole of Slipway, as `make run` starts it, and a real browser in front of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page
from psycopg import sql

from tests.browser_fixture import keep_picture
from tests.sandbox_fixture import eventually

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Slipway:
    """A running Slipway with the demo."""

    url: str
    environ: dict[str, str]
    process: "subprocess.Popen[bytes]"
    demo: dict[str, Any] = field(default_factory=dict)

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def password(self, role: str) -> str:
        return next(account["password"] for account in self.demo["accounts"] if account["role"] == role)

    def api(self, path: str, role: str = "viewer") -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}", headers={"Authorization": f"Bearer {self.demo['tokens'][role]}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_database(server: str) -> str:
    """The address of a new database on that PostgreSQL: a Slipway in another worker has other keys and accounts."""
    name = f"story_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(server)._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="session")
def slipway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slipway]:
    """Started by the launcher over an empty data folder; ended by SIGTERM."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SLIPWAY_") and name not in {"REDIS_URL", "DJANGO_SETTINGS_MODULE", "PORT", "BIND"}
    }
    port = free_port()
    environ = {
        **inherited,
        "SLIPWAY_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "PORT": str(port),
        "SLIPWAY_TIME_SCALE": "10",
    }
    if server := os.environ.get("DATABASE_URL"):
        environ["DATABASE_URL"] = own_database(server)
    process = subprocess.Popen([sys.executable, "-m", "launcher"], cwd=REPOSITORY, env=environ)
    running = Slipway(f"http://127.0.0.1:{port}", environ, process)
    try:
        eventually(lambda: is_ready(running.url), seconds=90, why="Slipway is ready")
        running.demo = json.loads(running.manage("demo_info", "--json"))
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


SignIn = Callable[[str], Page]


@pytest.fixture
def sign_in(browser: Browser, slipway: Slipway) -> Iterator[SignIn]:
    """A page of somebody who has just signed in; an error in the browser's console fails the test."""
    problems: list[str] = []
    contexts = []

    def listen(said: ConsoleMessage) -> None:
        if said.type == "error":
            problems.append(f"{said.text} {said.location}")

    def start(role: str) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 1000})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", listen)
        page.goto(slipway.url)
        page.get_by_label("Username").fill(role)
        page.get_by_label("Password").fill(slipway.password(role))
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", level=1).wait_for()
        return page

    yield start
    for context in contexts:
        context.close()
    assert not problems, problems


@pytest.fixture(scope="session")
def photograph() -> Callable[[Page, str], None]:
    """Keeps a picture of the page as a build artefact."""
    return keep_picture
