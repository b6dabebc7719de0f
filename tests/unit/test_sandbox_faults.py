"""Ordered faults hit the calls they name, as often as ordered, the same way for the same seed."""

from __future__ import annotations

import pytest

from sandbox.faults import Fault, FaultInvalid, Faults, parse_fault


class Alarms:
    def __init__(self) -> None:
        self.said: list[tuple[str, bool]] = []

    def __call__(self, name: str, in_alarm: bool) -> None:
        self.said.append((name, in_alarm))


def faults(seed: int = 0) -> Faults:
    return Faults(seed, Alarms())


def hits(held: Faults, count: int = 50) -> list[bool]:
    return [held.effect_on("ecs", "DescribeServices") is not None for _ in range(count)]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "JSON object"),
        ({"kind": "meteor"}, "unknown kind 'meteor'. Known kinds: throttle"),
        ({"kind": "throttle", "colour": "red"}, "unknown field 'colour'"),
        ({"kind": "throttle", "share": 2}, "share must be between 0 and 1"),
        ({"kind": "throttle", "share": "often"}, "could not convert"),
        ({"kind": "throttle", "times": 0}, "times must be"),
        ({"kind": "latency"}, "latency needs seconds"),
        ({"kind": "error"}, "error needs a code"),
        ({"kind": "alarm"}, "alarm needs the alarm's name"),
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


def test_an_alarm_is_forced_and_let_go_again() -> None:
    alarms = Alarms()
    held = Faults(0, alarms)
    fault = held.add(parse_fault({"kind": "alarm", "alarm": "errors"}))
    assert held.clear(fault.id) == 1
    assert alarms.said == [("errors", True), ("errors", False)]
