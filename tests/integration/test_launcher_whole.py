"""`make run` as a whole: it gets ready, says so, ends everything, finds everything again, and survives no kill."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from launcher import ports
from launcher.processes import marked
from tests.sandbox_fixture import eventually

REPOSITORY = Path(__file__).resolve().parents[2]
READY_SECONDS = 120
GONE_SECONDS = 20
# What the tests' own surroundings set, but a newcomer's shell does not.
FOREIGN = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")


def newcomers_environment() -> dict[str, str]:
    own = ("SLIPWAY_TERRAFORM_BIN", "SLIPWAY_TERRAFORM_MIRROR")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN and (name in own or not name.startswith("SLIPWAY_"))
    }


@dataclass
class Launch:
    process: subprocess.Popen[bytes]
    data: Path
    output: Path
    port: int

    def wait_until_ready(self) -> str:
        """The greeting."""
        eventually(self._ready_or_ended, seconds=READY_SECONDS, why="Slipway is ready")
        text = self.output.read_text()
        assert "Slipway is ready" in text, text
        return text

    def _ready_or_ended(self) -> bool:
        return self.process.poll() is not None or "Ctrl-C" in self.output.read_text()

    def processes(self) -> list[int]:
        """Everything that carries this launch's mark."""
        return marked(json.loads((self.data / "launcher.lock").read_text())["launch_id"])

    def launcher_pid(self) -> int:
        return int(json.loads((self.data / "launcher.lock").read_text())["pid"])

    def get(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
            return int(response.status)

    def sandbox(self) -> str:
        found = re.search(r"the sandbox, (http://\S+)", self.output.read_text())
        assert found
        return found[1]


Start = Callable[..., Launch]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    launches: list[Launch] = []
    port = ports.free_port("127.0.0.1")

    def run(*command: str) -> Launch:
        data, output = tmp_path / "data", tmp_path / f"output-{len(launches)}"
        environment = newcomers_environment() | {"SLIPWAY_DATA_DIR": str(data), "PORT": str(port)}
        with output.open("wb") as file:
            process = subprocess.Popen(
                command or (sys.executable, "-m", "launcher"),
                cwd=REPOSITORY,
                env=environment,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        launches.append(Launch(process, data, output, port))
        return launches[-1]

    yield run
    for launch in launches:
        if launch.process.poll() is None:
            launch.process.terminate()
            launch.process.wait(timeout=60)


def s3(url: str) -> Any:
    return boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="demo", aws_secret_access_key="demo"
    )


def test_a_launch_gets_ready_ends_wholly_and_finds_everything_again(start: Start) -> None:
    first = start()
    text = first.wait_until_ready()
    assert f"http://127.0.0.1:{first.port}/" in text
    assert "developer" in text
    assert "approver" in text
    assert first.get("/healthz") == first.get("/readyz") == 200
    s3(first.sandbox()).create_bucket(Bucket="kept")
    secret = (first.data / "secret_key").read_text()

    refused = start()
    assert refused.process.wait(timeout=30) == 1
    assert "Slipway is running already" in refused.output.read_text()

    assert len(first.processes()) >= 7
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(timeout=30) == 0
    assert first.processes() == []

    second = start()
    second.wait_until_ready()
    assert second.sandbox() == first.sandbox()
    assert (second.data / "secret_key").read_text() == secret
    buckets = s3(second.sandbox()).list_buckets()["Buckets"]
    assert "kept" in [bucket["Name"] for bucket in buckets]

    assert len(second.processes()) >= 7
    second.process.kill()
    second.process.wait()
    eventually(lambda: not second.processes(), seconds=GONE_SECONDS, why="nothing is left after SIGKILL")


def test_sigkill_of_make_leaves_nothing_running(start: Start) -> None:
    launch = start("make", "run", f"PYTHON={sys.executable}")
    launch.wait_until_ready()
    launcher = launch.launcher_pid()
    launch.process.kill()
    launch.process.wait()
    eventually(
        lambda: not launch.processes() and not Path(f"/proc/{launcher}").exists(),
        seconds=GONE_SECONDS,
        why="nothing is left after SIGKILL of make",
    )
