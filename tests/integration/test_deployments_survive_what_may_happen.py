"""Killed, stopped, throttled, aborted: nothing is done twice, nothing is called a success that is none."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from controlplane.core.actors import Actor
from controlplane.core.models import LockHold
from controlplane.core.services import output
from controlplane.lib import clock
from controlplane.lib.errors import Refusal
from deployments_app import controller
from deployments_app.models import Deployment
from deployments_app.services import claims, deployments
from environments_app.models import Environment
from tests import factories
from tests.release_world import KEY, ReleaseWorld
from tests.sandbox_fixture import SandboxProcess, eventually
from tests.sandbox_world import World

pytestmark = pytest.mark.django_db(transaction=True)
REPOSITORY = Path(__file__).parents[2]
DIES = """
import os, signal, threading
from deployments_app import controller, ecs
call = ecs.Ecs.{method}
def dying(self, *args, **kwargs):
    if "{when}" == "after":
        call(self, *args, **kwargs)
    os.kill(os.getpid(), signal.{signal})
    return call(self, *args, **kwargs)
ecs.Ecs.{method} = dying
for _ in range(600):
    controller.look("{key}")
    threading.Event().wait(0.05)
"""
"""A worker that looks until one of its calls to ECS ends it, before or after the call was made."""
Worker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def environment() -> Environment:
    return factories.environment(factories.system("small"), auto_deploy=True)


@pytest.fixture
def world(sandbox: SandboxProcess, environment: Environment) -> Iterator[ReleaseWorld]:
    yield ReleaseWorld.make(World(sandbox), environment)
    sandbox.control("DELETE", "faults")
    sandbox.control("POST", "clock", {"scale": settings.SLIPWAY_TIME_SCALE})


def slowly(world: ReleaseWorld) -> Deployment:
    """A deployment whose first tasks have started and that ECS takes minutes to finish."""
    asked = world.begun("healthy")
    world.world.sandbox.control("POST", "clock", {"scale": 0.1})
    return world.until(asked, lambda row: any(task["generation"] == "new" for task in row.observed.get("tasks", [])))


def quickly(world: ReleaseWorld) -> None:
    world.world.sandbox.control("POST", "clock", {"scale": settings.SLIPWAY_TIME_SCALE})


@pytest.fixture
def worker() -> Iterator[Worker]:
    """Starts a worker in a process of its own that dies (or stops) at a call of the adapter."""
    started: list[subprocess.Popen[bytes]] = []

    def start(method: str, when: str, how: str = "SIGKILL") -> "subprocess.Popen[bytes]":
        environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "controlplane.settings"}
        if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
            name = settings.DATABASES["default"]["NAME"]
            environ["DATABASE_URL"] = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
        code = DIES.format(method=method, when=when, signal=how, key=KEY)
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
        started.append(subprocess.Popen(command, cwd=REPOSITORY, env=environ))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def told(deployment: Deployment) -> str:
    assert deployment.stream_id
    return "\n".join(line.text for line in output.lines_after(deployment.stream_id))


def revisions(world: ReleaseWorld) -> list[str]:
    family = f"{world.name}-released"
    arns: list[str] = world.world.ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"]
    return arns


def rollouts(world: ReleaseWorld) -> list[dict[str, Any]]:
    """The service deployments since the service was made, which itself is one."""
    listed = world.world.ecs.list_service_deployments(cluster=world.world.cluster, service=world.name)
    ordered: list[dict[str, Any]] = listed["serviceDeployments"][:-1]
    return ordered


def operator(environment: Environment) -> Actor:
    return Actor.person(factories.member(environment.system, "operator"))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["register", "update"])
def test_a_worker_killed_at_a_call_is_followed_by_one_that_recognises_it(
    world: ReleaseWorld, worker: Worker, method: str, when: str
) -> None:
    deployment = world.deploy("healthy")
    killed = worker(method, when)
    assert killed.wait(60) == -signal.SIGKILL
    done = world.ended(deployment)
    assert done.state == "succeeded", (done.failure, told(done))
    assert revisions(world) == [done.task_definition_arn], "registered once"
    assert [each["serviceDeploymentArn"] for each in rollouts(world)] == [done.service_deployment_arn]
    assert not LockHold.objects.exists()


def test_a_worker_killed_on_the_way_back_is_followed_by_one_that_ends_it(
    world: ReleaseWorld, environment: Environment, worker: Worker
) -> None:
    good = world.ended(world.deploy("healthy"))
    slow = slowly(world)
    assert isinstance(deployments.abort(operator(environment), slow), Deployment)
    assert worker("stop_with_rollback", "after").wait(60) == -signal.SIGKILL
    quickly(world)
    ended = world.ended(slow)
    assert ended.state == "rolled_back", (ended.failure, told(ended))
    assert "Aborted by" in ended.failure["cause"]
    assert world.running_digests() == set(good.release.digests.values())


def test_a_worker_that_sleeps_past_its_lease_changes_nothing_when_it_wakes(world: ReleaseWorld, worker: Worker) -> None:
    deployment = world.deploy("healthy")
    asleep = worker("update", "before", "SIGSTOP")
    stat = Path(f"/proc/{asleep.pid}/stat")
    eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", seconds=60, why="the worker sleeps")
    done = world.ended(deployment)
    assert done.state == "succeeded", (done.failure, told(done))
    lines = told(done)
    asleep.send_signal(signal.SIGCONT)
    eventually(lambda: asleep.poll() is not None or _has_called(asleep, world), seconds=30, why="it made its call")
    asleep.kill()
    asleep.wait()
    after = deployments.find(deployment.pk)
    assert (after.state, after.fencing, told(after)) == ("succeeded", done.fencing, lines)
    assert len(rollouts(world)) == 1, "a call for what runs already starts nothing"


def _has_called(process: "subprocess.Popen[bytes]", world: ReleaseWorld) -> bool:
    calls = world.world.sandbox.control("GET", "calls?mutating=1")
    made = [call for call in calls if call["action"] == "UpdateService" and world.name in str(call["parameters"])]
    return len(made) >= 2


def test_a_claim_that_passed_on_writes_nothing(world: ReleaseWorld) -> None:
    deployment = world.deploy("healthy")
    controller.look(KEY)
    (first,) = claims.claim_due(KEY)
    assert claims.claim_due(KEY) == [], "one look at a time"
    with clock.moved(timedelta(minutes=5)):
        (second,) = claims.claim_due(KEY)
    with pytest.raises(claims.ClaimLost):
        first.intend("ecs:UpdateService")
    with pytest.raises(claims.ClaimLost):
        first.advance("rolling_out")
    second.intend("ecs:RegisterTaskDefinition")
    assert deployments.find(deployment.pk).intent["call"] == "ecs:RegisterTaskDefinition"


def test_while_aws_does_not_answer_nothing_is_decided(world: ReleaseWorld) -> None:
    deployment = world.until(world.deploy("healthy"), lambda row: row.state == "rolling_out")
    fault = {"kind": "error", "code": "AccessDeniedException", "service": "ecs", "action": "DescribeServices"}
    world.world.sandbox.control("POST", "faults", fault)
    blind = world.until(deployment, lambda row: row.unknown_since is not None)
    assert blind.state == "rolling_out"
    assert "not known for now" in told(blind)
    with clock.moved(timedelta(days=1)):
        controller.look(KEY)
    assert deployments.find(deployment.pk).state == "rolling_out", "not even the deadline decides unseen"
    world.world.sandbox.control("DELETE", "faults")
    Deployment.objects.filter(pk=deployment.pk).update(due_at=clock.now(), lease_until=None)
    done = world.ended(deployment)
    assert (done.state, done.unknown_since) == ("succeeded", None)
    assert "AWS answers again" in told(done)


def test_an_order_that_may_have_been_carried_out_is_not_called_a_failure_unseen(
    world: ReleaseWorld, worker: Worker
) -> None:
    deployment = world.deploy("healthy")
    assert worker("update", "after").wait(60) == -signal.SIGKILL
    fault = {"kind": "error", "code": "AccessDeniedException", "service": "ecs", "action": "DescribeServices"}
    world.world.sandbox.control("POST", "faults", fault)
    blind = world.until(deployment, lambda row: row.unknown_since is not None)
    assert (blind.state, blind.failure) == ("preparing", {})
    world.world.sandbox.control("DELETE", "faults")
    done = world.ended(deployment)
    assert done.state == "succeeded", (done.failure, told(done))
    assert len(rollouts(world)) == 1


def test_throttling_is_waited_out(world: ReleaseWorld) -> None:
    world.world.sandbox.control("POST", "faults", {"kind": "throttle", "service": "ecs", "share": 0.5})
    done = world.ended(world.deploy("healthy"))
    assert done.state == "succeeded", (done.failure, told(done))
    assert len(revisions(world)) == 1
    assert len(rollouts(world)) == 1


def test_what_aws_refuses_before_anything_changed_fails_in_words(world: ReleaseWorld) -> None:
    fault = {"kind": "error", "code": "AccessDeniedException", "service": "ecs", "action": "UpdateService"}
    world.world.sandbox.control("POST", "faults", fault)
    failed = world.ended(world.deploy("healthy"))
    assert failed.state == "failed"
    assert "ecs:UpdateService" in failed.failure["cause"]
    assert "Nothing was changed" in failed.failure["effect"]
    assert not rollouts(world)
    assert not LockHold.objects.exists()


def test_a_change_behind_our_back_supersedes(world: ReleaseWorld) -> None:
    first = world.ended(world.deploy("healthy"))
    second = slowly(world)
    template = world.world.ecs.describe_task_definition(taskDefinition=first.task_definition_arn)["taskDefinition"]
    foreign = world.world.ecs.register_task_definition(
        family=f"{world.name}-foreign",
        **{name: template[name] for name in ("containerDefinitions", "networkMode", "cpu", "memory")},
        requiresCompatibilities=["FARGATE"],
    )["taskDefinition"]["taskDefinitionArn"]
    world.world.ecs.update_service(cluster=world.world.cluster, service=world.name, taskDefinition=foreign)
    quickly(world)
    ended = world.ended(second)
    assert ended.state == "superseded", (ended.failure, told(ended))
    assert world.describe()["taskDefinition"] == foreign, "it is left as the other one wanted it"


def test_a_service_that_people_scaled_to_zero_is_left_alone(world: ReleaseWorld) -> None:
    world.ended(world.deploy("healthy"))
    world.world.ecs.update_service(cluster=world.world.cluster, service=world.name, desiredCount=0)
    failed = world.ended(world.deploy("healthy"))
    assert failed.state == "failed"
    assert failed.failure["code"] == "SCALED_TO_ZERO"
    assert world.describe()["desiredCount"] == 0


def test_a_rollback_after_success_brings_the_old_version_back(world: ReleaseWorld, environment: Environment) -> None:
    old = world.ended(world.deploy("healthy"))
    new = world.ended(world.deploy("healthy"))
    back = deployments.rollback(operator(environment), deployments.find(new.pk))
    assert not isinstance(back, Refusal)
    done = world.ended(back)
    assert (done.state, done.kind) == ("succeeded", "rollback")
    assert world.running_digests() == set(old.release.digests.values())


def test_an_abort_during_the_bake_restores_what_ran_before(world: ReleaseWorld, environment: Environment) -> None:
    old = world.ended(world.deploy("healthy"))
    asked = world.begun("healthy")
    bound = {**asked.bound, "strategy": {**asked.bound["strategy"], "bake_time_minutes": 600}}
    Deployment.objects.filter(pk=asked.pk).update(bound=bound)
    baking = world.until(asked, lambda row: row.state == "baking")
    assert isinstance(deployments.abort(operator(environment), baking), Deployment)
    ended = world.ended(baking)
    assert ended.state == "rolled_back", (ended.failure, told(ended))
    assert world.running_digests() == set(old.release.digests.values())


def test_an_abort_before_the_order_leaves_the_service_alone(world: ReleaseWorld, environment: Environment) -> None:
    asked = world.begun("healthy")
    assert isinstance(deployments.abort(operator(environment), asked), Deployment)
    ended = world.ended(asked)
    assert (ended.state, ended.failure) == ("canceled", {})
    assert not rollouts(world)
    assert not LockHold.objects.exists()
