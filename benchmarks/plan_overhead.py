"""Wall time of a planned run through Slipway over that of the bare commands, in alternating pairs."""

import json
import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import django
from django.conf import settings

django.setup()

from benchmarks.report import Figure, hand_over, tell
from benchmarks.world import wait_for
from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent, User
from controlplane.core.services import output
from environments_app import accounts
from environments_app.execution import find_tools
from environments_app.models import Environment, Run
from environments_app.schema import render_variables
from environments_app.services import runs
from environments_app.terraform import commands
from environments_app.terraform.workspace import Workspace

PAIRS = 5
GOAL = 1.05
RUN_SECONDS = 120.0


def through_slipway(environment: Environment, person: User) -> dict[str, float]:
    """Seconds from asking for the run until it waits for approval: "total", and its phases."""
    asked = time.time()
    run = runs.request_run(Actor.person(person), environment, "apply")
    if not isinstance(run, Run):
        raise RuntimeError(run.message)
    states = Run.objects.filter(pk=run.pk).values_list("state", flat=True)
    wait_for(lambda: states.get() not in {"queued", "planning"}, seconds=RUN_SECONDS, why="the plan")
    run.refresh_from_db()
    if run.state != "awaiting_approval" or run.stream is None or run.planning_at is None:
        raise RuntimeError(f"the run is {run.state}: {run.failure}")
    event = AuditEvent.objects.get(subject_id=str(run.pk), action="run.awaiting_approval")
    lines = output.lines_after(run.stream.pk, 0, 100_000)
    initialized = next(line.at_ms for line in lines if "successfully initialized" in line.text) / 1000
    planned = [line.at_ms for line in lines if not line.text.startswith("slipway:")][-1] / 1000
    ended = event.at.timestamp()
    return {
        "total": ended - asked,
        "a worker takes it": run.planning_at.timestamp() - asked,
        "workspace, init": initialized - run.planning_at.timestamp(),
        "plan": planned - initialized,
        "show, summary, cost, archive": ended - planned,
    }


def bare(folder: Path, environment: Environment) -> dict[str, float]:
    """The same for `terraform init && plan -out && show -json` in a workspace that lies ready."""
    config = environment.config_version.config
    account = accounts.account_of(environment, config, "plan")
    terraform, cli_config = find_tools()
    workspace = Workspace(folder)
    workspace.create(
        settings.SLIPWAY_STACK_DIR,
        variables=render_variables(system=environment.system.slug, environment=environment.slug, config=config),
        backend=accounts.state_address(environment, account).backend(),
        cli_config=cli_config,
    )
    own = commands.environment(os.environ, folder, account)
    phases: dict[str, float] = {}
    for phase, arguments in {
        "workspace, init": ("init", "-input=false", "-no-color", f"-backend-config=../{commands.BACKEND_FILE}"),
        "plan": ("plan", "-input=false", "-no-color", f"-out={commands.PLAN_FILE}"),
        "show, summary, cost, archive": ("show", "-json", commands.PLAN_FILE),
    }.items():
        started = time.time()
        subprocess.run(
            [str(terraform), *arguments], cwd=workspace.stack, env=own, check=True, stdout=subprocess.DEVNULL
        )
        phases[phase] = time.time() - started
    return {"total": sum(phases.values()), **phases}


def main() -> None:
    environment = Environment.objects.get(system__slug="tvmaze-ingestion", slug="development")
    person = User.objects.create_superuser(f"bench-{datetime.now(UTC):%H%M%S}", password=None)
    ours, theirs = [], []
    with TemporaryDirectory(prefix="slipway-bench-") as folder:
        for number in range(PAIRS + 1):
            # Slipway first at first: it makes the state's bucket. Then in turn, because the machine changes its pace.
            if number % 2 == 0:
                mine, its = through_slipway(environment, person), bare(Path(folder) / "bare", environment)
            else:
                its, mine = bare(Path(folder) / "bare", environment), through_slipway(environment, person)
            tell(f"  pair {number or 'that warms up'}: Slipway {mine['total']:.2f} s, bare {its['total']:.2f} s")
            if number:
                ours.append(mine)
                theirs.append(its)
    ratios = [mine["total"] / its["total"] for mine, its in zip(ours, theirs, strict=True)]
    phases = {
        name: f"{median(run[name] for run in ours):.2f} s, bare {median(run.get(name, 0.0) for run in theirs):.2f} s"
        for name in ours[0]
    }
    hand_over(
        [
            Figure(
                "planned run / bare terraform (median)",
                round(median(ratios), 3),
                "x",
                1.0,
                "bare terraform",
                GOAL,
                {
                    **phases,
                    "ratios of the pairs": json.dumps([round(ratio, 3) for ratio in sorted(ratios)]),
                    "ratio of the quickest": round(
                        min(run["total"] for run in ours) / min(run["total"] for run in theirs), 3
                    ),
                },
            )
        ]
    )


if __name__ == "__main__":
    main()
