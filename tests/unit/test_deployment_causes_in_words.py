"""Why a rollout failed is said from what ECS showed, in a sentence that a person can act on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.lib import clock
from deployments_app import actions, observation, words
from deployments_app.models import Deployment
from deployments_app.services import claims, deployments
from deployments_app.strategies.model import (
    ContainerSeen,
    End,
    EventSeen,
    Observed,
    ServiceSeen,
    TargetHealth,
    TaskSeen,
)
from tests import factories
from tests.release_world import KEY, outputs, provisioned, release

NOW = datetime(2026, 11, 20, tzinfo=UTC)
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123"


def stopped(**values: Any) -> TaskSeen:
    return TaskSeen("arn:task/cluster/abc123", "arn:api:2", "STOPPED", "STOPPED", **values)


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (
            stopped(stop_code="TaskFailedToStart", stopped_reason="CannotPullContainerError: not found"),
            "could not start: CannotPullContainerError: not found",
        ),
        (
            stopped(
                stop_code="EssentialContainerExited",
                stopped_reason="Essential container in task exited",
                containers=(ContainerSeen("api", exit_code=1), ContainerSeen("proxy", exit_code=0)),
            ),
            "ended by themselves: api with code 1",
        ),
        (
            stopped(stopped_reason=f"Task failed ELB health checks in (target-group {GROUP})"),
            "failed their health check: GET /up answered 503",
        ),
        (stopped(stopped_reason="Task failed container health checks"), "failed their container health check"),
        (stopped(stopped_reason="Scaling activity initiated by (deployment ecs-svc/1)"), ""),
        (stopped(stopped_reason="Service api was deleted."), ""),
        (stopped(stop_code="SpotInterruption", stopped_reason="Your Spot Task was interrupted."), 
         "stopped: Your Spot Task was interrupted."),
        (TaskSeen("arn:task/cluster/abc123", "arn:api:2", "RUNNING"), ""),
        (
            TaskSeen(
                "arn:task/cluster/abc123", "arn:api:2", "RUNNING",
                target=TargetHealth("unhealthy", "Target.Timeout", "Request timed out"),
            ),
            "failed their health check: GET /up: Request timed out",
        ),
    ],
)  # fmt: skip
def test_each_way_to_fail_has_its_words(task: TaskSeen, said: str) -> None:
    message = (
        f"(service api) (task abc123) (port 8080) is unhealthy in (target-group {GROUP}) due to "
        "(reason Health checks failed with these codes: [503])"
    )
    reasons = words.unhealthy_reasons([EventSeen("1", NOW, message)])
    assert words.failure_of(task, "GET /up", reasons) == said


def test_the_cause_counts_the_tasks() -> None:
    health, crash = "failed their health check: GET /up answered 503", "ended by themselves: api with code 1"
    assert words.cause({"1": health, "2": health, "3": health}, 3, "") == f"3 of 3 new tasks {health}."
    assert words.cause({"1": crash, "2": health, "3": health}, 4, "") == (
        f"2 of 4 new tasks {health}; 1 of 4 new tasks {crash}."
    )
    assert words.cause({}, 2, "alarm(s) detected: errors.") == "alarm(s) detected: errors."
    assert words.cause({}, 0, "")


def test_events_are_told_once_and_in_order() -> None:
    events = tuple(EventSeen(str(number), NOW + timedelta(seconds=number), f"e{number}") for number in (4, 3, 2, 1))
    service = ServiceSeen("arn", "ACTIVE", "", 1, 1, 0, events=events)
    assert [event.id for event in words.new_events(service, NOW, "2")] == ["3", "4"]
    assert [event.id for event in words.new_events(service, NOW + timedelta(seconds=3), "")] == ["3", "4"]
    assert words.new_events(service, NOW, "4") == []


def test_what_became_of_tasks_is_told_once() -> None:
    def shown(state: str, target: str = "", reason: str = "") -> dict[str, Any]:
        return {"id": "abcdef0123", "generation": "new", "zone": "us-east-1a", "state": state, "target": target,
                "reason": reason}  # fmt: skip

    assert words.task_lines({}, [shown("PENDING")]) == ["new task abcdef01 in us-east-1a: PENDING"]
    before = {"abcdef0123": shown("RUNNING", "initial")}
    assert words.task_lines(before, [shown("RUNNING", "initial")]) == []
    assert words.task_lines(before, [shown("RUNNING", "healthy")]) == [
        "new task abcdef01: healthy behind the load balancer"
    ]
    assert words.task_lines(before, [shown("STOPPED", reason="it crashed")]) == [
        "new task abcdef01: STOPPED, it crashed"
    ]


# ---- What is known later counts


@pytest.fixture
def deployment(db: None) -> Deployment:
    environment = factories.environment()
    provisioned(environment, outputs())
    asked = deployments.request_deployment(
        Actor.slipway("test"), environment, release(environment.system), automatic=True
    )
    assert isinstance(asked, Deployment), asked
    return asked


def test_the_cause_is_settled_at_the_end_of_the_way_back(deployment: Deployment) -> None:
    early = "2 of 3 new tasks failed their health check: GET /up answered 503; 1 of 3 new tasks …"
    failed = dict.fromkeys(("a", "b", "c"), "failed their health check: GET /up answered 503")
    Deployment.objects.filter(pk=deployment.pk).update(
        state="rolling_back",
        due_at=clock.now(),
        observed={"failures": failed, "new_task_ids": ["a", "b", "c"]},
        failure={"code": "ECS_ROLLED_BACK", "cause": early, "details": ["ECS took it back."]},
    )
    (claim,) = claims.claim_due(KEY)
    actions.end(claim, None, End("rolled_back", "", early))
    ended = deployments.find(deployment.pk)
    assert ended.failure["cause"] == "3 of 3 new tasks failed their health check: GET /up answered 503."
    assert ended.reason == ended.failure["cause"]


def test_a_persons_wish_stays_the_cause(deployment: Deployment) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(
        state="rolling_back",
        due_at=clock.now(),
        observed={"failures": {"a": "ended by themselves: api with code 1"}, "new_task_ids": ["a"]},
        failure={"code": "ABORTED", "cause": "Aborted by olga.", "details": ["Aborted by olga."]},
    )
    (claim,) = claims.claim_due(KEY)
    actions.end(claim, None, End("rolled_back", "", "Aborted by olga."))
    assert deployments.find(deployment.pk).failure["cause"] == "Aborted by olga."


def test_what_is_known_of_a_task_never_becomes_less(deployment: Deployment) -> None:
    known = "failed their health check: GET / answered 503"
    deployment.observed = {"failures": {"abc123": known}}
    deployment.task_definition_arn = "arn:api:2"
    task = stopped(stopped_reason=f"Task failed ELB health checks in (target-group {GROUP})")
    seen = observation.describe(deployment, Observed(ServiceSeen("arn", "ACTIVE", "", 1, 1, 0), tasks=(task,)))
    assert seen["failures"] == {"abc123": known}
