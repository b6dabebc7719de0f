"""What AWS answers about one deployment cannot be read: the others go on, and people see which one does not."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import System
from controlplane.core.services import output
from controlplane.lib import clock
from controlplane.lib.aws import client
from deployments_app import actions, controller, words
from deployments_app.models import Deployment
from deployments_app.services import deployments, targets
from deployments_app.strategies import model
from environments_app.models import Environment
from tests import factories
from tests.release_world import KEY, ReleaseWorld
from tests.sandbox_fixture import SandboxProcess
from tests.sandbox_world import World

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = "after-call.ecs.DescribeServices"


@pytest.fixture
def system() -> System:
    return factories.system("small")


@pytest.fixture
def environment(system: System) -> Environment:
    return factories.environment(system, "broken", auto_deploy=True)


@pytest.fixture
def world(sandbox: SandboxProcess, environment: Environment) -> ReleaseWorld:
    return ReleaseWorld.make(World(sandbox), environment)


@pytest.fixture
def other(system: System, world: ReleaseWorld) -> ReleaseWorld:
    """A second service in the same cluster: one call describes both."""
    return ReleaseWorld.make(world.world, factories.environment(system, "sound", auto_deploy=True))


class Mangled:
    """While it is on, what ECS answers about a service lacks a field that the adapter reads."""

    def __init__(self, deployment: Deployment) -> None:
        self.name = deployment.ecs_service
        self.events = client("ecs", targets.account_for(deployment)).meta.events
        self.events.register(ANSWER, self.mangle)

    def mangle(self, parsed: dict[str, Any], **call: object) -> None:
        for service in parsed["services"]:
            if service["serviceName"] == self.name:
                del service["runningCount"]

    def off(self) -> None:
        self.events.unregister(ANSWER, self.mangle)


@pytest.fixture
def mangled(world: ReleaseWorld) -> Iterator[Mangled]:
    made = Mangled(world.begun("healthy"))
    yield made
    made.off()


def row_of(world: ReleaseWorld) -> Deployment:
    return deployments.find(Deployment.objects.get(environment=world.environment).pk)


def told(deployment: Deployment) -> list[str]:
    assert deployment.stream_id
    return [line.text for line in output.lines_after(deployment.stream_id)]


def due_now(deployment: Deployment) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(due_at=clock.now())


def test_the_others_of_the_look_go_on(world: ReleaseWorld, other: ReleaseWorld, mangled: Mangled) -> None:
    asked = other.begun("healthy")
    due_now(row_of(world))
    assert controller.look(KEY) == 2, "both in one look"
    assert row_of(world).unknown_since is not None
    assert deployments.find(asked.pk).unknown_since is None
    assert other.ended(asked).state == "succeeded"
    assert row_of(world).state == "preparing"


def test_the_log_and_the_page_say_which(
    world: ReleaseWorld, mangled: Mangled, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        controller.look(KEY)
    row = row_of(world)
    logged = [record for record in caplog.records if str(row.pk) in record.getMessage()]
    assert logged
    assert "runningCount" in str(logged[0].exc_info)
    assert row.reason == words.LOOK_FAILED
    assert any(words.LOOK_FAILED in line for line in told(row))
    assert row.lease_until is None


def test_the_pauses_grow_and_it_is_told_once(world: ReleaseWorld, mangled: Mangled) -> None:
    controller.look(KEY)
    first, began = row_of(world), clock.now()
    assert first.due_at is not None
    assert first.due_at > began
    with clock.moved(timedelta(minutes=10)):
        assert controller.look(KEY) == 1
        later, now = row_of(world), clock.now()
    assert later.due_at is not None
    assert later.due_at - now > timedelta(seconds=50)
    assert told(later) == told(first)


def test_it_goes_on_where_it_was_when_the_answer_can_be_read(world: ReleaseWorld, mangled: Mangled) -> None:
    controller.look(KEY)
    mangled.off()
    due_now(row_of(world))
    done = world.ended(row_of(world))
    assert (done.state, done.unknown_since) == ("succeeded", None)
    assert told(done).count("Slipway can go on") == 1
    assert words.LOOK_FAILED not in done.reason


def test_an_abort_is_obeyed_where_nothing_was_changed_yet(
    world: ReleaseWorld, environment: Environment, mangled: Mangled
) -> None:
    operator = Actor.person(factories.member(environment.system, "operator"))
    assert isinstance(deployments.abort(operator, row_of(world)), Deployment)
    controller.look(KEY)
    assert row_of(world).state == "canceled"


def test_a_bug_in_an_order_is_not_met_once_a_second(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look itself goes well each time: that does not make the pauses short again."""
    row = world.begun("healthy")

    def broken(*given: object) -> timedelta:
        raise KeyError("a bug")

    for action in (model.Snapshot, model.Wait):
        monkeypatch.setitem(actions.CARRY_OUT, action, broken)
    controller.look(KEY)
    with clock.moved(timedelta(minutes=10)):
        assert controller.look(KEY) == 1
        later, now = row_of(world), clock.now()
    assert later.pk == row.pk
    assert later.due_at is not None
    assert later.due_at - now > timedelta(seconds=50)
    assert len([line for line in told(later) if words.LOOK_FAILED in line]) == 1
