"""The real web server in a process of its own, and WebSocket clients of it, for tests of what a browser meets.

with start_web() as web, web.socket("/ws/live?topic=fleet", cookie=session_cookie(anna)) as socket:
    next_message(socket)
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3
from django.conf import settings
from django.test import Client
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from controlplane.core.models import User
from launcher.ports import free_port
from tests.sandbox_fixture import eventually

HOST = "127.0.0.1"
REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass
class WebProcess:
    """`url` is what a browser would be given; `process` is uvicorn."""

    url: str
    port: int
    process: subprocess.Popen[bytes]

    def socket(self, path: str, *, cookie: str = "", origin: str = "") -> ClientConnection:
        """A WebSocket as this server's own pages open it; `origin` says otherwise."""
        return connect(
            self.url.replace("http", "ws", 1) + path,
            origin=Origin(origin or self.url),
            additional_headers={"Cookie": cookie} if cookie else {},
            max_size=None,
            proxy=None,
            close_timeout=1,  # a test that leaves messages unread would wait for the server's goodbye behind them
        )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(20)


def child_environment() -> dict[str, str]:
    """The product's ordinary settings over this test run's database: what any child process of a test needs."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "controlplane.settings"}
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("postgresql"):
        address = urlsplit(os.environ["DATABASE_URL"])
        environment["DATABASE_URL"] = address._replace(path="/" + quote(str(database["NAME"]))).geturl()
    return environment


def launch_web(port: int = 0, *, http: str = "httptools", **environment: str) -> WebProcess:
    """uvicorn as the launcher starts it, on `port` or a free one; waits until it answers. `http`: its parser."""
    port = port or free_port(HOST)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "controlplane.asgi:application"),
            *("--loop", "uvloop", "--http", http, "--ws", "websockets-sansio"),
            *("--host", HOST, "--port", str(port)),
            *("--timeout-graceful-shutdown", "2", "--no-access-log", "--log-level", "warning"),
        ],
        cwd=REPOSITORY,
        env=child_environment() | environment,
    )
    web = WebProcess(f"http://{HOST}:{port}", port, process)

    def answers() -> bool:
        assert process.poll() is None, f"the web server ended with {process.returncode}"
        try:
            return urllib3.request("GET", f"{web.url}/healthz", timeout=5, retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    try:
        eventually(answers, seconds=60, why="the web server answers")
    except BaseException:
        process.kill()
        process.wait()
        raise
    return web


@contextmanager
def start_web(port: int = 0, *, http: str = "httptools", **environment: str) -> Iterator[WebProcess]:
    """A web server that ends with the block; `environment` is what it gets beyond the test run's own."""
    web = launch_web(port, http=http, **environment)
    try:
        yield web
    finally:
        if web.process.poll() is None:
            web.stop()


def next_message(socket: ClientConnection, seconds: float = 10) -> dict[str, Any]:
    """What the server says next, but for its signs of life. Raises TimeoutError or ConnectionClosed."""
    deadline = time.monotonic() + seconds
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=max(0.0, deadline - time.monotonic())))
        if message != {"alive": True}:
            return message


def session_cookie(user: User) -> str:
    """The Cookie header of a browser in which the user is signed in."""
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
