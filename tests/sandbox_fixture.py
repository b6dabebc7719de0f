"""A real sandbox in a process of its own, for any test that needs AWS on the wire.

with start_sandbox(tmp_path / "aws", scale=50) as sandbox:
    sandbox.client("ecs").list_clusters()
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import boto3
import urllib3
from botocore.config import Config

REPOSITORY_ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
T = TypeVar("T")


def eventually(look: Callable[[], T], *, seconds: float = 30, why: str = "the condition") -> T:
    """The first truthy answer of `look`; fails with the last answer once `seconds` real seconds have passed."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{why} did not come true within {seconds} s; last answer: {answer!r}")
        pause.wait(0.05)


@dataclass
class SandboxProcess:
    """`url` is what AWS_ENDPOINT_URL should be; `process` is the real one."""

    url: str
    process: subprocess.Popen[str]

    def client(self, service: str, region: str = "us-east-1", *, key: str = "slipway") -> Any:
        """A plain boto3 client: what any outsider would use, without retries that hide faults."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=key,
            aws_secret_access_key="slipway",
            config=Config(retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"}),
        )

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON answer of `/_sandbox/<path>`, which must not be an error."""
        status, answer = self._ask(method, path, body)
        assert status < 400, answer
        return answer

    def refused(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer of a control that must be an error: {"error": ..., "status": ...}."""
        status, answer = self._ask(method, path, body)
        assert status >= 400, answer
        return {**answer, "status": status}

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        encoded = json.dumps(body).encode() if body is not None else None
        response = urllib3.request(method, f"{self.url}/_sandbox/{path}", body=encoded, timeout=30, retries=False)
        return response.status, response.json()

    def image(self, repository: str, behaviour: str, tag: str | None = None) -> dict[str, str]:
        body = {"repository": repository, "behaviour": behaviour} | ({"tag": tag} if tag else {})
        pushed: dict[str, str] = self.control("POST", "images", body)
        return pushed

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=30)


def launch(
    data: Path,
    *,
    scale: float = 1,
    seed: int = 0,
    port: int = 0,
    options: Sequence[str] = (),
    log: IO[str] | None = None,
) -> SandboxProcess:
    """Start `python -m sandbox` (with more of its `options`) on a free port and wait until it answers.

    What it logs goes to `log`, or where the tests' own errors go.
    """
    environment = {**os.environ, "SLIPWAY_TIME_SCALE": str(scale)}
    arguments = ["--port", str(port), "--data", str(data), "--seed", str(seed), "--die-with-parent", *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=REPOSITORY_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    assert process.stdout is not None
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    line = process.stdout.readline()
    watchdog.cancel()
    if not line.startswith("sandbox: "):
        process.kill()
        raise AssertionError(f"the sandbox did not start: {line!r}")
    return SandboxProcess(line.removeprefix("sandbox: ").strip(), process)


@contextmanager
def start_sandbox(
    data: Path, *, scale: float = 1, seed: int = 0, options: Sequence[str] = (), log: IO[str] | None = None
) -> Iterator[SandboxProcess]:
    """A sandbox that ends with the block, however the block ends."""
    sandbox = launch(data, scale=scale, seed=seed, options=options, log=log)
    try:
        yield sandbox
    finally:
        if sandbox.process.poll() is None:
            sandbox.stop()
        assert sandbox.process.stdout is not None
        sandbox.process.stdout.close()
