"""Ordered faults hit the calls they name, as often as ordered, the same way for the same seed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.ecs.kills import pick
from sandbox.faults import Fault, FaultInvalid, Faults, parse_fault


class Outcomes:
    """What was carried out and taken back: (kind, in force)."""

    def __init__(self) -> None:
        self.said: list[tuple[str, bool]] = []

    def __call__(self, fault: Fault, in_force: bool) -> None:
        self.said.append((fault.kind, in_force))


def faults(seed: int = 0) -> Faults:
    return Faults(seed, Outcomes())


def hits(held: Faults, count: int = 50) -> list[bool]:
    return [held.effect_on("ecs", "DescribeServices") is not None for _ in range(count)]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "JSON object"),
        ({"kind": "meteor"}, "unknown kind 'meteor'. Known kinds: throttle"),
        ({"kind": "throttle", "colour": "red"}, "unknown field 'colour'"),
        ({"kind": "throttle", "share": 2}, "share must be a number, and between 0 and 1"),
        ({"kind": ["throttle"]}, "Known kinds: throttle"),
        ({"kind": "throttle", "share": "often"}, "share must be a number"),
        ({"kind": "throttle", "share": float("nan")}, "share must be a number"),
        ({"kind": "throttle", "service": ["ecs"]}, "service must be a text"),
        ({"kind": "throttle", "action": ""}, "action must be a text"),
        ({"kind": "error", "code": "X", "status": "abc"}, "status must be a whole number from 400 to 599"),
        ({"kind": "error", "code": "X", "status": 200}, "status must be"),
        ({"kind": "error", "code": 7}, "code must be a text"),
        ({"kind": "alarm", "alarm": ["a"]}, "alarm must be a text"),
        ({"kind": "kill-tasks", "cluster": None}, "cluster must be a text"),
        ({"kind": "throttle", "times": True}, "times must be"),
        ({"kind": "latency", "seconds": 1e300}, "seconds must be a number, and between 0 and 3600"),
        ({"kind": "throttle", "times": 0}, "times must be"),
        ({"kind": "latency"}, "latency needs seconds"),
        ({"kind": "error"}, "error needs a code"),
        ({"kind": "alarm"}, "alarm needs the alarm's name"),
        ({"kind": "zone", "zone": "the left one"}, "such as us-east-1a"),
        ({"kind": "kill-tasks", "exit_code": 300}, "exit_code must be"),
        ({"kind": "kill-tasks", "hit": []}, "unknown field 'hit'"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_what_would(document: object, message: str) -> None:
    with pytest.raises(FaultInvalid, match=message):
        parse_fault(document)


def test_throttling_has_the_code_that_the_services_sdk_retries() -> None:
    held = faults()
    held.add(Fault("throttle"))
    answers = {service: held.effect_on(service, "Any") for service in ("ecs", "ec2", "elbv2", "s3")}
    assert {service: effect.code for service, effect in answers.items() if effect} == {
        "ecs": "ThrottlingException",
        "ec2": "RequestLimitExceeded",
        "elbv2": "Throttling",
        "s3": "SlowDown",
    }


def test_only_the_named_action_is_hit_and_only_so_often() -> None:
    held = faults()
    held.add(parse_fault({"kind": "error", "service": "ecs", "action": "UpdateService", "code": "X", "times": 2}))
    assert held.effect_on("ecs", "DescribeServices") is None
    assert held.effect_on("rds", "UpdateService") is None
    assert [held.effect_on("ecs", "UpdateService") is not None for _ in range(4)] == [True, True, False, False]


def test_the_same_seed_meets_the_same_faults() -> None:
    patterns = []
    for seed in (1, 1, 2):
        held = faults(seed)
        held.add(parse_fault({"kind": "throttle", "share": 0.5}))
        patterns.append(hits(held))
    assert patterns[0] == patterns[1] != patterns[2]
    assert 10 < sum(patterns[0]) < 40


def test_clearing_starts_the_chance_again() -> None:
    held = faults(7)
    held.add(parse_fault({"kind": "throttle", "share": 0.5}))
    first = hits(held)
    assert held.clear() == 1
    assert held.effect_on("ecs", "DescribeServices") is None
    held.add(parse_fault({"kind": "throttle", "share": 0.5}))
    assert hits(held) == first


def test_latency_comes_before_the_refusal() -> None:
    held = faults()
    held.add(parse_fault({"kind": "latency", "seconds": 0.2}))
    held.add(parse_fault({"kind": "down", "service": "ecs"}))
    effect = held.effect_on("ecs", "ListTasks")
    assert effect is not None
    assert (effect.wait_seconds, effect.code, effect.status) == (0.2, "ServiceUnavailable", 503)


@pytest.mark.parametrize(
    "document",
    [{"kind": "alarm", "alarm": "errors"}, {"kind": "zone", "zone": "us-east-1a"}, {"kind": "kill-tasks"}],
)
def test_what_is_no_matter_of_calls_is_carried_out_and_taken_back(document: dict[str, str]) -> None:
    outcomes = Outcomes()
    held = Faults(0, outcomes)
    fault = held.add(parse_fault(document))
    assert held.effect_on("ecs", "ListTasks") is None
    assert held.clear(fault.id) == 1
    assert outcomes.said == [(document["kind"], True), (document["kind"], False)]


def test_a_fault_is_listed_while_it_is_carried_out_and_not_where_that_failed() -> None:
    listed: list[list[Fault]] = []

    def carry_out(fault: Fault, in_force: bool) -> None:
        listed.append(held.list())
        if fault.zone:
            raise RuntimeError(fault.zone)

    held = Faults(0, carry_out)
    fault = held.add(parse_fault({"kind": "alarm", "alarm": "errors"}))
    assert listed == [[fault]]
    with pytest.raises(RuntimeError, match="us-east-1a"):
        held.add(parse_fault({"kind": "zone", "zone": "us-east-1a"}))
    assert held.list() == [fault]


@given(st.integers(0, 50), st.floats(0, 1), st.none() | st.integers(0, 60), st.integers())
def test_so_many_tasks_are_picked_and_the_same_ones_for_the_same_seed(
    count: int, share: float, most: int | None, seed: int
) -> None:
    picked = [pick(range(count), share, most, seed) for _ in range(2)]
    assert picked[0] == picked[1]
    assert len(set(picked[0])) == len(picked[0]) <= min(count, count if most is None else most)
    if most is None:
        assert 0 <= len(picked[0]) - count * share <= 1
