"""What AWS answers about one deployment cannot be read: the others go on, and people see which one does not."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from controlplane.core.actors import Actor
from controlplane.core.models import System
from controlplane.core.services import locks, output
from controlplane.lib import clock
from controlplane.lib.aws import client
from controlplane.lib.errors import Refusal
from deployments_app import actions, controller, words
from deployments_app.models import Deployment
from deployments_app.services import deployments, targets
from deployments_app.strategies import model
from deployments_app.views import page
from environments_app.models import Environment, StateVersion
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
def world(sandbox: SandboxProcess, environment: Environment) -> Iterator[ReleaseWorld]:
    yield ReleaseWorld.make(World(sandbox), environment)
    sandbox.control("POST", "clock", {"scale": settings.SLIPWAY_TIME_SCALE})


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


@pytest.fixture
def stuck(world: ReleaseWorld) -> Deployment:
    """Queued, and its start failed: what the stack said of the service could not be read. Now it can be again."""
    row = world.deploy("healthy")
    states = StateVersion.objects.filter(environment=world.environment)
    readable = states.get().outputs
    states.update(outputs={"services": {"api": {}}})
    controller.look(KEY)
    states.update(outputs=readable)
    met = deployments.find(row.pk)
    assert (met.state, met.reason) == ("queued", words.LOOK_FAILED)
    assert met.unknown_since is not None
    due_now(met)
    return met


def test_a_start_that_failed_once_then_says_what_it_waits_for(stuck: Deployment, environment: Environment) -> None:
    person = Actor.person(factories.member(environment.system, "operator", "tom"))
    holder = ("run", environment.pk)
    assert not isinstance(locks.acquire(person, environment.pk, holder, "a test", exclusive=True), Refusal)
    controller.look(KEY)
    waiting = deployments.find(stuck.pk)
    assert (waiting.state, waiting.unknown_since) == ("queued", None)
    assert "tom" in waiting.reason
    assert page.next_step(waiting) == ("Next: it is prepared", waiting.reason)
    locks.release(holder)
    due_now(waiting)
    controller.look(KEY)
    begun = deployments.find(stuck.pk)
    assert (begun.state, begun.unknown_since) == ("preparing", None)
    assert told(begun).count("Slipway can go on") == 1
    assert "AWS answers again" not in told(begun)


def test_a_start_that_failed_once_and_is_held_says_by_whom(stuck: Deployment, environment: Environment) -> None:
    operator = Actor.person(factories.member(environment.system, "operator", "tom"))
    assert isinstance(deployments.pause(operator, stuck), Deployment)
    controller.look(KEY)
    assert page.next_step(deployments.find(stuck.pk))[0] == "Paused by tom"


def rolling_out_unread(world: ReleaseWorld) -> tuple[Deployment, Mangled]:
    """A deployment under way, at which the last look failed."""
    row = world.until(world.deploy("healthy"), lambda each: each.state == "rolling_out")
    mangled = Mangled(row)
    due_now(row)
    controller.look(KEY)
    assert row_of(world).unknown_since is not None
    return row_of(world), mangled


def test_who_failed_is_told_where_the_step_has_a_reason_of_its_own(world: ReleaseWorld) -> None:
    """To wait is such a step: it puts its own reason, or none, in place of the failure's."""
    world.world.sandbox.control("POST", "clock", {"scale": 0.1})
    row, mangled = rolling_out_unread(world)
    mangled.off()
    due_now(row)
    controller.look(KEY)
    met = row_of(world)
    assert (met.state, met.unknown_since, met.reason) == ("rolling_out", None, "")
    assert "Slipway can go on" in told(met)


def test_a_lock_that_was_broken_is_no_silence_of_aws(world: ReleaseWorld, environment: Environment) -> None:
    """The look was answered; what it found that it may not do is known."""
    world.world.sandbox.control("POST", "clock", {"scale": 0.1})
    row, mangled = rolling_out_unread(world)
    mangled.off()
    operator = Actor.person(factories.member(environment.system, "operator", "tom"))
    assert isinstance(deployments.abort(operator, row), Deployment)
    locks.release(row.audit_subject)
    taken = locks.acquire(operator, environment.pk, ("run", environment.pk), "a test", exclusive=True)
    assert not isinstance(taken, Refusal)
    controller.look(KEY)
    met = row_of(world)
    assert (met.state, met.stage, met.unknown_since) == ("rolling_out", "stopping", None)
    assert "tom" in met.reason
    assert "Slipway can go on" in told(met)
