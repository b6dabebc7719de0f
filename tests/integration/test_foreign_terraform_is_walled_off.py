"""What inspection cannot see in the code, the kernel refuses when it runs: files of the worker and of other runs."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.lib.guard import walls
from environments_app import foreign
from tests.own_terraform_world import Repository, environment, repository, trust
from tests.run_helpers import plan, text_of
from tests.sandbox_fixture import SandboxProcess

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(walls.version() < walls.LEAST, reason="this machine's kernel has no Landlock, or forbids it"),
]
USER = 61999 if os.geteuid() == 0 else None


@pytest.fixture
def code(allowed: Path, sandbox: SandboxProcess, settings: Any) -> Repository:
    sandbox.control("POST", "reset")
    settings.SLIPWAY_TERRAFORM_USER = str(USER)
    return repository(allowed / "code")


def opening(code: Repository, path: str) -> Any:
    """The run of code that opens a path of this machine by a value, which no inspection can follow."""
    climb = "../" * 20 + path.lstrip("/")
    (code.folder / "main.tf").write_text(
        f'locals {{\n  away = "{climb}"\n}}\noutput "it" {{\n  value = file("${{path.module}}/${{local.away}}")\n}}\n'
    )
    code.commit()
    made = environment(code.source)
    trust(made.system, code.source)
    return plan(made)


@pytest.fixture
def readable() -> Iterator[Path]:
    """A file among the workspaces of runs that every user of this machine may read."""
    foreign.workspaces().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=foreign.workspaces()) as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "secret").write_text("the neighbour's secret")
        yield Path(folder) / "secret"


def test_a_file_of_another_run(code: Repository, readable: Path) -> None:
    run = opening(code, str(readable))
    assert run.state == "failed"
    assert "permission denied" in text_of(run)
    assert "the neighbour's secret" not in text_of(run)


def test_what_another_run_holds_in_its_environment(code: Repository) -> None:
    with subprocess.Popen(["sleep", "600"], env={"SECRET": "neighbour"}, user=USER, group=USER) as neighbour:
        run = opening(code, f"/proc/{neighbour.pid}/environ")
        neighbour.kill()
    assert run.state == "failed"
    assert "permission denied" in text_of(run)
    assert "neighbour" not in text_of(run)


def test_an_operator_who_does_without_walls_lets_it_be_read(code: Repository, readable: Path, settings: Any) -> None:
    settings.SLIPWAY_TERRAFORM_WALLS = False
    run = opening(code, str(readable))
    assert run.state == "awaiting_approval", text_of(run)
    assert run.summary["output_changes"] == ["it"]


def test_a_worker_whose_kernel_has_none_refuses(code: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walls, "LEAST", 1000)
    run = opening(code, "/etc/hostname")
    assert (run.state, run.failure["code"]) == ("failed", "NO_WALLS")
    assert run.holder_pid is None, "no process was started"
