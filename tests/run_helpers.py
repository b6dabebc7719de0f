"""Ways of a run that several tests walk, with workers as processes of their own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controlplane.core.actors import Actor
from controlplane.core.services import approvals, output
from controlplane.lib.errors import Refusal
from controlplane.lib.process import started_at
from environments_app import jobs
from environments_app.models import Environment, Run
from environments_app.services import claims, runs
from tests import factories
from tests.sandbox_fixture import SandboxProcess, eventually
from tests.server_fixture import child_environment

REPOSITORY = Path(__file__).parents[1]
Work = Callable[[str, Run], "subprocess.Popen[bytes]"]


@pytest.fixture
def environment(sandbox: SandboxProcess) -> Environment:
    """A small environment in an empty sandbox."""
    sandbox.control("POST", "reset")
    return factories.environment(factories.system("small"))


@pytest.fixture
def work() -> Iterator[Work]:
    """Runs a job of a run in a process of its own, as a worker does."""
    started: list[subprocess.Popen[bytes]] = []

    def start(job: str, run: Run) -> "subprocess.Popen[bytes]":
        code = f"from environments_app.jobs import {job}; {job}('{run.pk}')"
        process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "-v0", "-c", code], cwd=REPOSITORY, env=child_environment()
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def reaches(run: Run, state: str, phase: str) -> None:
    """Waits until a Terraform process of this phase works on the run."""

    def look() -> bool:
        run.refresh_from_db()
        return run.state == state and run.progress.get("phase") == phase and bool(started_at(run.holder_pid or 0))

    eventually(look, seconds=60, why=f"{state}, {phase}")


def recovered(run: Run) -> Run:
    def look() -> bool:
        claims.recover_lost()
        run.refresh_from_db()
        return run.state not in {"planning", "applying"}

    eventually(look, seconds=30, why="the lost run is found")
    return Run.objects.select_related("environment__system", "config_version", "stream").get(pk=run.pk)


def asked(environment: Environment) -> Run:
    return factories.run(environment, factories.member(environment.system, "operator"))


def approved(environment: Environment) -> Run:
    run = asked(environment)
    jobs.plan_run(str(run.pk))
    request = approvals.live_request(runs.subject(run))
    assert request
    run.refresh_from_db()
    anna = factories.member(environment.system, "approver")
    assert not isinstance(runs.approve(Actor.person(anna), run, request.digest), Refusal)
    run.refresh_from_db()
    assert run.state == "approved"
    return run


def text_of(run: Run) -> str:
    """All that the run printed."""
    assert run.stream_id
    return "\n".join(line.text for line in output.lines_after(run.stream_id, 0, 100_000))


def plan(environment: Environment, kind: str = "apply") -> Run:
    """A run that an operator asked for, planned."""
    person = factories.member(environment.system, "operator")
    run = factories.run(environment, person, kind)
    jobs.plan_run(str(run.pk))
    run.refresh_from_db()
    return run


def approve_and_apply(run: Run) -> Run:
    """The run after as many approvers' yes as it takes, and the job that follows."""
    while run.state == "awaiting_approval":
        anna = factories.member(run.environment.system, "approver")
        request = approvals.live_request(runs.subject(run))
        assert request
        outcome = runs.approve(Actor.person(anna), run, request.digest)
        assert outcome == request, outcome
        run.refresh_from_db()
    jobs.apply_run(str(run.pk))
    run.refresh_from_db()
    return run
