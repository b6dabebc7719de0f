"""BLUE_GREEN, CANARY and LINEAR: the plan of stages, and that no path gives traffic to tasks that are not there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.ecs.strategies import (
    STAGE_TIMEOUT,
    STAGED,
    Held,
    Hook,
    Look,
    Return,
    Step,
    Verdict,
    held_tasks,
    judge,
    plan,
    rule_weights,
    wanted_tasks,
    way_back,
)

STAGES = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
]
SHIFTING = STAGES[6:8]
tenths = st.integers(0, 1000).map(lambda number: number / 10)
minutes = st.integers(0, 1440)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "strategy": draw(st.sampled_from(STAGED)),
        "bakeTimeInMinutes": draw(minutes),
        "canaryConfiguration": {
            "canaryPercent": draw(tenths.filter(lambda percent: percent >= 0.1)),
            "canaryBakeTimeInMinutes": draw(minutes),
        },
        "linearConfiguration": {
            "stepPercent": draw(tenths.filter(lambda percent: percent >= 3)),
            "stepBakeTimeInMinutes": draw(minutes),
        },
    }


def shown(steps: tuple[Step, ...]) -> list[tuple[str, float, float]]:
    return [(step.stage, step.production, step.test) for step in steps]


def test_blue_green_is_the_table_of_stages() -> None:
    steps = plan({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10}, reconcile=True)
    assert shown(steps) == [
        ("RECONCILE_SERVICE", 0, 0),
        ("PRE_SCALE_UP", 0, 0),
        ("SCALE_UP", 0, 0),
        ("POST_SCALE_UP", 0, 0),
        ("TEST_TRAFFIC_SHIFT", 0, 100),
        ("POST_TEST_TRAFFIC_SHIFT", 0, 100),
        ("PRE_PRODUCTION_TRAFFIC_SHIFT", 0, 100),
        ("PRODUCTION_TRAFFIC_SHIFT", 100, 100),
        ("POST_PRODUCTION_TRAFFIC_SHIFT", 100, 100),
        ("BAKE_TIME", 100, 100),
        ("CLEAN_UP", 100, 100),
    ]
    assert [step.bake for step in steps if step.bake] == [600]


def weights_of(configuration: dict[str, Any]) -> list[tuple[float, float]]:
    return [(step.production, step.bake) for step in plan(configuration) if step.stage == "PRODUCTION_TRAFFIC_SHIFT"]


def test_a_canary_shifts_twice_and_bakes_at_its_share() -> None:
    assert weights_of({"strategy": "CANARY"}) == [(5, 600), (100, 0)]
    given = {"canaryPercent": 0.1, "canaryBakeTimeInMinutes": 3}
    assert weights_of({"strategy": "CANARY", "canaryConfiguration": given}) == [(0.1, 180), (100, 0)]


def test_linear_shifts_in_equal_steps_and_the_last_one_does_not_bake() -> None:
    assert weights_of({"strategy": "LINEAR"}) == [*((weight, 360) for weight in range(10, 100, 10)), (100, 0)]
    given = {"stepPercent": 33.3, "stepBakeTimeInMinutes": 1}
    expected = [(33.3, 60), (66.6, 60), (99.9, 60), (100, 0)]
    assert weights_of({"strategy": "LINEAR", "linearConfiguration": given}) == expected


def test_the_first_deployment_of_a_service_shifts_once() -> None:
    steps = plan({"strategy": "LINEAR"}, replaces=False)
    assert [step.production for step in steps if step.stage == "PRODUCTION_TRAFFIC_SHIFT"] == [100]


@given(configurations(), st.booleans(), st.booleans())
def test_every_plan_keeps_the_order_of_stages_and_never_takes_traffic_back(
    configuration: dict[str, Any], reconcile: bool, replaces: bool
) -> None:
    steps = plan(configuration, reconcile=reconcile, replaces=replaces)
    once = [step.stage for step in steps if step.stage not in SHIFTING]
    assert once == [stage for stage in STAGES if stage not in SHIFTING and (reconcile or stage != STAGES[0])]
    shifting = [step for step in steps if step.stage in SHIFTING]
    assert [step.stage for step in shifting] == SHIFTING * (len(shifting) // 2)
    for former, step in pairwise(steps):
        assert former.production <= step.production <= 100
        assert former.test <= step.test <= 100
        if step.production > former.production:
            assert step.stage == "PRODUCTION_TRAFFIC_SHIFT"
        if step.test > former.test:
            assert step.stage == "TEST_TRAFFIC_SHIFT"
    assert steps[-1].production == 100


@dataclass
class World:
    """Two revisions of a service while one replaces the other; what happens is drawn."""

    steps: tuple[Step, ...]
    desired: int
    new: int = 0
    old: int = 0
    production: float = 0.0
    test: float = 0.0
    number: int = 0
    age: float = 0.0
    worst: Hook = Hook.PASSED

    def look(self) -> Look:
        alone = self.old == 0 if self.steps[self.number].stage == "CLEAN_UP" else True
        return Look(self.age, self.age, self.new >= self.desired, alone, [self.worst])

    def tick(self, seconds: float, lost: int) -> None:
        """Tasks come and go as the stage wants; `lost` of the new ones end by themselves."""
        new, old = wanted_tasks(self.steps[self.number].stage, self.desired)
        self.new = max(0, new - lost)
        self.old = old
        self.age += seconds


@given(
    configuration=configurations(),
    desired=st.integers(0, 5),
    happenings=st.lists(
        st.tuples(
            st.sampled_from([1.0, 60.0, 3600.0, 86400.0]),
            st.integers(0, 2),
            st.sampled_from([Hook.PASSED, Hook.PASSED, Hook.PASSED, Hook.WAITING, Hook.FAILED, Hook.TIMED_OUT]),
        ),
        max_size=60,
    ),
    data=st.data(),
)
def test_traffic_only_ever_goes_to_tasks_that_are_there_and_every_path_ends(
    configuration: dict[str, Any], desired: int, happenings: list[tuple[float, int, Hook]], data: st.DataObject
) -> None:
    world = World(plan(configuration), desired, old=desired)
    verdict = Verdict.WAIT
    calm = [(86400.0, 0, Hook.PASSED)] * (2 * len(world.steps) + 5)
    for seconds, lost, worst in [*happenings, *calm]:
        world.tick(seconds, lost)
        world.worst = worst
        verdict, reason = judge(world.steps, world.number, world.look())
        if verdict is Verdict.NEXT:
            step = world.steps[world.number + 1]
            if step.production > world.production or step.test > world.test:
                assert world.new >= desired, "traffic raised onto tasks that are not all there"
            if step.stage == "CLEAN_UP":
                assert step.production == world.production == 100
                assert world.new >= desired, "the old tasks leave before the new ones are all there"
            assert world.old == desired, "old tasks stay until CLEAN_UP"
            assert worst is Hook.PASSED
            world.number, world.age = world.number + 1, 0.0
            world.production, world.test = step.production, step.test
        if verdict is Verdict.FAIL:
            assert reason
            back(world, data)
            return
        if verdict is Verdict.DONE:
            break
    assert verdict is Verdict.DONE
    assert (world.production, world.old) == (100, 0)
    assert world.new >= desired


def back(world: World, data: st.DataObject) -> None:
    """A rollback from wherever the world is: the traffic first, then the tasks, and it ends."""
    cleaned_up = world.steps[world.number].stage == "CLEAN_UP"
    for _ in range(20):
        move = way_back(
            flipped=not world.production and not world.test,
            cleaned_up=cleaned_up,
            restored=world.old >= world.desired,
            alone=world.new == 0,
        )
        if move is Return.DONE:
            break
        if move is Return.RESTORE:
            world.old = min(world.desired, world.old + data.draw(st.integers(1, 2)))
        if move is Return.FLIP:
            assert world.old >= world.desired, "traffic given back to tasks that are not all there"
            world.production = world.test = 0.0
        if move is Return.SCALE_DOWN:
            assert world.production == world.test == 0
            world.new = 0
            world.old = world.desired
    assert (world.production, world.test, world.new) == (0, 0, 0)
    assert world.old >= world.desired


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        (Hook.FAILED, "hook execution failure(s) detected"),
        (Hook.TIMED_OUT, "a lifecycle hook timed out"),
        (Hook.ROLLED_BACK, "rolled back at a paused lifecycle hook"),
    ],
)
def test_a_hook_that_does_not_pass_fails_the_deployment(hook: Hook, reason: str) -> None:
    look = Look(age=0, idle=0, scaled=True, alone=True, hooks=[Hook.WAITING, hook])
    assert judge(plan({"strategy": "BLUE_GREEN"}), 0, look) == (Verdict.FAIL, reason)


def test_a_paused_hook_waits_for_ever_but_tasks_that_never_come_do_not() -> None:
    steps = plan({"strategy": "BLUE_GREEN"})
    waiting = Look(age=10 * STAGE_TIMEOUT, idle=10 * STAGE_TIMEOUT, scaled=True, alone=True, hooks=[Hook.WAITING])
    assert judge(steps, 0, waiting) == (Verdict.WAIT, "")
    missing = Look(age=STAGE_TIMEOUT - 1, idle=STAGE_TIMEOUT - 1, scaled=False, alone=True)
    assert judge(steps, 1, missing) == (Verdict.WAIT, "")
    late = Look(age=STAGE_TIMEOUT, idle=STAGE_TIMEOUT, scaled=False, alone=True)
    assert judge(steps, 1, late) == (Verdict.FAIL, "the lifecycle stage SCALE_UP timed out")


@given(tenths)
def test_weights_of_a_rule_are_whole_within_what_elb_takes_and_in_proportion(percent: float) -> None:
    weight, rest = rule_weights(percent)
    assert 0 <= weight <= 999
    assert 0 <= rest <= 999
    assert weight / (weight + rest) * 100 == pytest.approx(percent)


def test_after_a_stop_every_revision_that_has_traffic_keeps_its_tasks() -> None:
    assert held_tasks(4, 1, 3, newest_weight=None, cleaning=False) == Held(newest=1, completed=3)
    assert held_tasks(4, 4, 1, newest_weight=None, cleaning=False) == Held(newest=4, completed=0)
    assert held_tasks(2, 0, 4, newest_weight=None, cleaning=False) == Held(newest=0, completed=2)
    assert held_tasks(4, 1, 4, newest_weight=0, cleaning=False) == Held(newest=1, completed=4)
    assert held_tasks(4, 1, 4, newest_weight=10, cleaning=False) == Held(newest=4, completed=4)
    assert held_tasks(4, 4, 2, newest_weight=100, cleaning=True) == Held(newest=4, completed=0)
