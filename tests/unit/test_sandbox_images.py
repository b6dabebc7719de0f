"""An image says how its container behaves, and its digest is the same every time."""

from __future__ import annotations

import json

import pytest

from sandbox.behaviours import BEHAVIOURS, Behaviour, BehaviourUnknown, parse_behaviour
from sandbox.ecs.model import Container
from sandbox.ecs.tasks import JOB_SECONDS, ending
from sandbox.images import manifest_for
from sandbox.moto_ext.ecr import digest_of


def container(*, job: bool) -> Container:
    return Container("app", "arn", "id", "image", {}, job=job)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("healthy", Behaviour()),
        ("unhealthy", Behaviour(health_status=503)),
        ("slow-start:20", Behaviour(ready_after_seconds=20)),
        ("errors:0.25", Behaviour(error_share=0.25)),
        ("errors:1:60", Behaviour(error_share=1, turns_after_seconds=60)),
        ("slow:0.5", Behaviour(slow_seconds=0.5)),
        ("slow:2:90", Behaviour(slow_seconds=2, turns_after_seconds=90)),
        ("leaks:64", Behaviour(leaks_mib_per_minute=64)),
        ("busy:0.9:30", Behaviour(busy_share=0.9, turns_after_seconds=30)),
        ("exit:3", Behaviour(exits_with=3, job_exit_code=3)),
        ("job-exit:1", Behaviour(job_exit_code=1)),
        ("hang", Behaviour(hangs=True, job_exit_code=None)),
    ],
)
def test_behaviours_are_read_from_their_names(text: str, expected: Behaviour) -> None:
    assert parse_behaviour(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "bogus", "healthy:1", "errors", "errors:2", "exit:abc", "exit:300", "slow-start:", "slow-start:-1"),
        *("slow", "slow:1:", "slow:1:2:3", "slow:nan", "slow:inf", "errors:nan", "leaks:-3", "leaks:1:2", "busy:1.5"),
    ],
)
def test_an_unknown_behaviour_is_refused_with_all_that_exist(text: str) -> None:
    with pytest.raises(BehaviourUnknown) as refused:
        parse_behaviour(text)
    assert all(name in str(refused.value) for name in BEHAVIOURS)


def test_what_turns_bad_does_so_at_its_time() -> None:
    behaviour = Behaviour(error_share=0.5, slow_seconds=2, busy_share=0.9, turns_after_seconds=60)
    early, late = (
        (behaviour.error_share_at(age), behaviour.slow_seconds_at(age), behaviour.busy_share_at(age))
        for age in (59.9, 60.0)
    )
    assert (early, late) == ((0, 0, 0), (0.5, 2, 0.9))
    assert parse_behaviour("leaks:30").leaked_mib_at(120) == 60


def test_the_digest_depends_on_repository_behaviour_and_tag_only() -> None:
    digest = digest_of(manifest_for("shop/api", "healthy", "v1"))
    assert digest == digest_of(manifest_for("shop/api", "healthy", "v1"))
    others = [("shop/web", "healthy", "v1"), ("shop/api", "crashes", "v1"), ("shop/api", "healthy", "v2")]
    assert digest not in {digest_of(manifest_for(*other)) for other in others}
    assert json.loads(manifest_for("shop/api", "healthy", "v1"))["mediaType"].startswith("application/vnd.oci")


@pytest.mark.parametrize(
    ("text", "job", "in_service", "expected"),
    [
        ("healthy", False, True, None),
        ("healthy", True, False, (0, JOB_SECONDS)),
        ("crashes", False, True, (1, 0.0)),
        ("exit:4", False, False, (4, JOB_SECONDS)),
        ("job-exit:2", True, False, (2, JOB_SECONDS)),
        ("job-exit:2", False, True, None),
        ("hang", True, False, None),
    ],
)
def test_how_and_when_a_container_ends_by_itself(
    text: str, job: bool, in_service: bool, expected: tuple[int, float] | None
) -> None:
    assert ending(container(job=job), parse_behaviour(text), in_service=in_service) == expected
