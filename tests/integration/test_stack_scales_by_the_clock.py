"""Tasks by the schedule of an environment: what never ran stays at 0, and a night's rest is no change to any plan."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from environments_app.schema import parse, render_variables
from tests import factories
from tests.integration.test_stack_lifecycle import release, settled
from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.terraform_fixture import TerraformFolder, changes, terraform_folder

pytestmark = pytest.mark.systems
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Scheduled:
    """A provisioned service that works from 08:00 to 20:00 (UTC), between 1 and 3 tasks, on half spot capacity."""

    def __init__(self, folder: Path, sandbox: SandboxProcess) -> None:
        sandbox.client("s3").create_bucket(Bucket="state")
        self.sandbox, self.ecs = sandbox, sandbox.client("ecs")
        document: dict[str, Any] = json.loads(json.dumps(factories.SMALL_CONFIG))
        document["network"]["nat_gateways"] = "none"
        document["compute"] = {"fargate_spot_percent": 50}
        document["schedule"] = {"workdays": EVERY_DAY, "start": "08:00", "stop": "20:00"}
        self.service = document["services"]["api"]
        self.service |= {
            "tier": "public",
            "max_count": 3,
            "autoscaling": {"target_tracking": [{"metric": "cpu", "target_percent": 70}]},
        }
        self.document = document
        self.stack: TerraformFolder = terraform_folder(folder, sandbox.url)
        self.apply()

    def plan(self) -> dict[str, list[str]]:
        config = parse(self.document)
        self.stack.write_variables(render_variables(system="small", environment="development", config=config))
        return changes(self.stack.plan())

    def apply(self) -> dict[str, list[str]]:
        planned = self.plan()
        self.stack.apply_saved()
        assert self.plan() == {}
        return planned

    def output(self) -> dict[str, Any]:
        entry: dict[str, Any] = json.loads(self.stack.must("output", "-json", "services"))["api"]
        return entry

    def desired(self) -> int:
        described = self.ecs.describe_services(cluster="small-development", services=["api"])["services"][0]
        count: int = described["desiredCount"]
        return count

    def until(self, hour: int) -> None:
        """Moves the sandbox's time to just after the next such hour."""
        now = datetime.fromisoformat(self.sandbox.control("GET", "clock")["time"])
        then = now.replace(hour=hour, minute=1, second=0, microsecond=0)
        then += timedelta(days=1) * (then <= now)
        self.sandbox.control("POST", "clock", {"advance": (then - now).total_seconds()})


@pytest.fixture
def scheduled(tmp_path: Path) -> Iterator[Scheduled]:
    with start_sandbox(tmp_path / "aws") as sandbox:
        yield Scheduled(tmp_path, sandbox)


def test_a_schedule_is_kept_from_the_first_release_on_and_no_plan_undoes_it(scheduled: Scheduled) -> None:
    for hour in (8, 20, 8):
        scheduled.until(hour)
    assert scheduled.desired() == 0, "the morning starts nothing that was never released"
    assert scheduled.plan() == {}

    release(scheduled.sandbox, scheduled.output())
    eventually(lambda: settled(scheduled.sandbox, scheduled.output()), seconds=60, why="the first release")
    assert scheduled.desired() == 1
    assert scheduled.plan() == {}

    scheduled.until(20)
    eventually(lambda: scheduled.desired() == 0, why="its evening")
    assert scheduled.plan() == {}, "a plan at night does not want the day's tasks back"

    scheduled.service["min_count"] = scheduled.service["desired_count"] = 2
    assert set(scheduled.apply()) == {'module.service["api"].aws_appautoscaling_scheduled_action.this["start"]'}
    assert scheduled.desired() == 0, "it sleeps on"

    scheduled.until(8)
    eventually(lambda: scheduled.desired() == 2, why="its morning")
    assert scheduled.plan() == {}


def test_another_share_of_spot_capacity_keeps_the_service(scheduled: Scheduled) -> None:
    before = scheduled.output()["service_arn"]
    assert scheduled.output()["capacity_providers"] == {"FARGATE": 50, "FARGATE_SPOT": 50}

    scheduled.document["compute"]["fargate_spot_percent"] = 100
    assert scheduled.apply() == {'module.service["api"].aws_ecs_service.this': ["update"]}
    assert scheduled.output()["capacity_providers"] == {"FARGATE_SPOT": 100}
    assert scheduled.output()["service_arn"] == before
