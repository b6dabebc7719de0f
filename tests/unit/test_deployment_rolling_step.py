"""The rolling strategy decides rightly, whatever it is shown; above all it never calls anything a success unproved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments_app.states import DEPLOYMENT
from deployments_app.strategies import model, rolling
from deployments_app.strategies.model import (
    ContainerSeen,
    DeploymentView,
    Observed,
    RolloutSeen,
    ServiceDeploymentSeen,
    ServiceSeen,
    TaskSeen,
)
from deployments_app.strategies.rolling import step

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
OURS, OLD, FOREIGN = "arn:task-definition/api:2", "arn:task-definition/api:1", "arn:task-definition/api:9"
DIGEST, OTHER = "sha256:new", "sha256:other"
UPDATE = rolling.UPDATE


def view(state: str, **values: Any) -> DeploymentView:
    given: dict[str, Any] = {
        "task_definition": OURS,
        "previous": OLD,
        "is_snapshot_taken": True,
        "digests": {"api": DIGEST},
    }
    return DeploymentView(state=state, **{**given, **values})


def service(task_definition: str = OURS, *, desired: int = 2, state: str = "COMPLETED", **values: Any) -> ServiceSeen:
    rollout = RolloutSeen("ecs-svc/1", "PRIMARY", task_definition, state)
    given: dict[str, Any] = {"running": desired, "pending": 0, "rollouts": (rollout,)}
    return ServiceSeen("arn:service", "ACTIVE", task_definition, desired, **{**given, **values})


def task(number: int = 1, task_definition: str = OURS, digest: str = DIGEST, **values: Any) -> TaskSeen:
    containers = (ContainerSeen("api", digest),)
    return TaskSeen(
        f"arn:task/{number}", task_definition, **{"last_status": "RUNNING", "containers": containers, **values}
    )


def ecs(status: str) -> ServiceDeploymentSeen:
    return ServiceDeploymentSeen("arn:service-deployment/1", status, "why")


PROVED = Observed(service(), ecs("SUCCESSFUL"), (task(1), task(2)))


# ---- Preparing


def test_it_looks_before_it_registers_before_it_updates() -> None:
    seen = Observed(service(OLD))
    assert step(view("preparing", is_snapshot_taken=False, task_definition=""), seen, NOW) == model.Snapshot()
    assert step(view("preparing", task_definition=""), seen, NOW) == model.Register()
    assert step(view("preparing"), seen, NOW) == model.Update()


def test_an_update_whose_answer_was_lost_is_recognised_and_not_made_twice() -> None:
    lost = view("preparing", intent=UPDATE)
    for seen in (
        Observed(service(OURS)),
        Observed(service(OLD, rollouts=(RolloutSeen("ecs-svc/2", "ACTIVE", OURS),))),
        Observed(service(OLD), ecs("ROLLBACK_SUCCESSFUL")),
    ):
        assert isinstance(step(lost, seen, NOW), model.Advance)
    assert step(lost, Observed(service(OLD)), NOW) == model.Update(), "it was never made"


def test_an_abort_before_the_update_changes_nothing() -> None:
    ended = step(view("preparing", abort="Aborted by anna."), Observed(service(OLD)), NOW)
    assert ended == model.End("canceled", "ABORTED", "Aborted by anna.")
    lost = view("preparing", abort="Aborted by anna.", intent=UPDATE)
    assert step(lost, Observed(service(OURS)), NOW) == model.Advance(
        "rolling_out", reason="the rollout that was ordered before is recognised"
    )


@pytest.mark.parametrize("gone", [None, replace(service(), status="INACTIVE"), replace(service(), status="DRAINING")])
@pytest.mark.parametrize(
    ("state", "end"),
    [
        ("preparing", "failed"),
        ("rolling_out", "superseded"),
        ("baking", "superseded"),
        ("rolling_back", "rollback_failed"),
    ],
)
def test_a_service_that_is_gone_ends_it(state: str, end: str, gone: ServiceSeen | None) -> None:
    ended = step(view(state), Observed(gone), NOW)
    assert isinstance(ended, model.End)
    assert ended.state == end
    assert DEPLOYMENT.allows(state, end)


# ---- Rolling out


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "SOMETHING_NEW", None])
def test_it_waits_while_ecs_works_or_says_what_nobody_knows(status: str | None) -> None:
    seen = Observed(service(state="IN_PROGRESS"), ecs(status) if status else None)
    assert isinstance(step(view("rolling_out"), seen, NOW), model.Wait)


@pytest.mark.parametrize("status", ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"])
def test_what_ecs_takes_back_is_taken_back(status: str) -> None:
    assert step(view("rolling_out"), Observed(service(OLD), ecs(status)), NOW) == model.RollBack(
        "ECS_ROLLED_BACK", "why"
    )


@pytest.mark.parametrize("status", ["STOPPED", "ROLLBACK_FAILED"])
def test_what_ecs_leaves_lying_is_taken_back_by_us(status: str) -> None:
    assert isinstance(step(view("rolling_out"), Observed(service(), ecs(status)), NOW), model.RollBack)


def test_a_first_release_that_fails_is_stopped() -> None:
    first = view("rolling_out", previous="")
    failed = step(first, Observed(service(), ecs("STOPPED")), NOW)
    assert failed == model.StopTasks("ECS_STOPPED", "why")
    stopping = replace(first, stage=rolling.STOPPING, reason="it crashed")
    assert isinstance(step(stopping, Observed(service()), NOW), model.StopTasks), "until the count is 0"
    assert isinstance(step(stopping, Observed(service(desired=0, running=1)), NOW), model.Wait)
    assert step(stopping, Observed(service(desired=0)), NOW) == model.End("failed", "", "it crashed")


@pytest.mark.parametrize("state", ["rolling_out", "baking"])
def test_a_change_by_someone_else_supersedes(state: str) -> None:
    ended = step(view(state), Observed(service(FOREIGN), ecs("STOPPED")), NOW)
    assert isinstance(ended, model.End)
    assert ended.state == "superseded"


def test_the_deadline_takes_it_back() -> None:
    late = view("rolling_out", deadline_at=NOW)
    assert step(late, Observed(service(), ecs("IN_PROGRESS")), NOW) == model.RollBack(
        "DEADLINE", "It did not come to an end in time."
    )


@pytest.mark.parametrize("state", ["rolling_out", "baking"])
def test_an_abort_takes_it_back(state: str) -> None:
    aborted = view(state, abort="Aborted by anna.")
    assert step(aborted, PROVED, NOW) == model.RollBack("ABORTED", "Aborted by anna.")


def test_ecs_success_alone_only_leads_to_the_proof() -> None:
    assert step(view("rolling_out"), PROVED, NOW) == model.Advance("baking")


# ---- Baking


def test_success_is_proved_by_ecs_and_by_every_running_task() -> None:
    succeeded = step(view("baking"), PROVED, NOW)
    assert isinstance(succeeded, model.Succeed)
    assert succeeded.verdict["digests"] == {"api": DIGEST}


@pytest.mark.parametrize(
    "seen",
    [
        replace(PROVED, service_deployment=None),
        replace(PROVED, service_deployment=ecs("IN_PROGRESS")),
        replace(PROVED, service_deployment=ecs("ROLLBACK_SUCCESSFUL")),
        replace(PROVED, tasks=()),
        replace(PROVED, tasks=(task(1),)),
        replace(PROVED, tasks=(task(1), task(2, OLD))),
        replace(PROVED, tasks=(task(1), task(2, digest=OTHER))),
        replace(PROVED, tasks=(task(1), task(2, digest=""))),
        replace(PROVED, tasks=(task(1), task(2, containers=()))),
        replace(PROVED, tasks=(task(1), task(2, last_status="PENDING"))),
        replace(PROVED, tasks=(task(1), task(2, desired_status="STOPPED"))),
        replace(PROVED, service=service(desired=0), tasks=()),
        replace(PROVED, service=service(desired=0)),
    ],
)
def test_one_missing_piece_is_no_proof(seen: Observed) -> None:
    assert isinstance(step(view("baking"), seen, NOW), model.Wait)
    late = view("baking", deadline_at=NOW)
    assert isinstance(step(late, seen, NOW), model.RollBack), "and in the end it is taken back"


def test_it_bakes_its_time_and_holds_for_a_person() -> None:
    baking = view("baking", bake_until=NOW + timedelta(seconds=1))
    assert step(baking, PROVED, NOW) == model.Wait(1.0, "watching it")
    assert isinstance(step(baking, PROVED, NOW + timedelta(seconds=1)), model.Succeed)
    assert isinstance(step(view("baking", paused=True), PROVED, NOW), model.Wait)


# ---- Rolling back


def test_a_deployment_that_lives_is_rolled_back_by_ecs() -> None:
    assert step(view("rolling_back"), Observed(service(), ecs("IN_PROGRESS")), NOW) == model.StopServiceDeployment()
    assert isinstance(step(view("rolling_back"), Observed(service(OLD), ecs("ROLLBACK_IN_PROGRESS")), NOW), model.Wait)


@pytest.mark.parametrize("status", ["SUCCESSFUL", "STOPPED", None])
def test_one_that_has_ended_is_rolled_back_by_us(status: str | None) -> None:
    seen = Observed(service(), ecs(status) if status else None)
    assert step(view("rolling_back"), seen, NOW) == model.RestorePrevious()


def test_it_is_rolled_back_only_when_nothing_but_the_old_runs() -> None:
    old = (task(1, OLD), task(2, OLD))
    rolling_back = view("rolling_back", reason="it failed")
    done = Observed(service(OLD), ecs("ROLLBACK_SUCCESSFUL"), old)
    assert step(rolling_back, done, NOW) == model.End("rolled_back", "", "it failed")
    for seen in (
        replace(done, tasks=(*old, task(3))),
        replace(done, tasks=old[:1]),
        replace(done, service=service(OLD, state="IN_PROGRESS")),
    ):
        assert isinstance(step(rolling_back, seen, NOW), model.Wait)
        late = replace(rolling_back, deadline_at=NOW)
        assert isinstance(step(late, seen, NOW), model.End)


def test_a_way_back_that_fails_is_said_to_fail() -> None:
    ended = step(view("rolling_back"), Observed(service(OLD, state="FAILED"), ecs("ROLLBACK_FAILED")), NOW)
    assert isinstance(ended, model.End)
    assert ended.state == "rollback_failed"


# ---- Always

definitions = st.sampled_from([OURS, OLD, FOREIGN])
services = st.builds(
    service,
    definitions,
    desired=st.integers(0, 3),
    state=st.sampled_from(["IN_PROGRESS", "COMPLETED", "FAILED", ""]),
)
tasks = st.lists(
    st.builds(
        task,
        st.integers(1, 9),
        definitions,
        st.sampled_from([DIGEST, OTHER, ""]),
        last_status=st.sampled_from(["PENDING", "RUNNING", "STOPPED"]),
    ),
    max_size=4,
).map(tuple)
statuses = st.sampled_from(
    ["PENDING", "IN_PROGRESS", "SUCCESSFUL", "STOPPED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "NEW"]
)
observations = st.builds(Observed, st.one_of(st.none(), services), st.one_of(st.none(), statuses.map(ecs)), tasks)
views = st.builds(
    view,
    st.just("preparing"),
    previous=st.sampled_from(["", OLD]),
    task_definition=st.sampled_from(["", OURS]),
    is_snapshot_taken=st.booleans(),
    intent=st.sampled_from(["", UPDATE]),
)


def carried_out(before: DeploymentView, action: model.Action) -> DeploymentView | None:
    """What the controller makes of the row; None at the end."""
    match action:
        case model.Snapshot():
            return replace(before, is_snapshot_taken=True)
        case model.Register():
            return replace(before, task_definition=OURS)
        case model.Update():
            return replace(before, state="rolling_out", intent="")
        case model.Advance(state=state):
            return replace(before, state=state, intent="")
        case model.RollBack():
            return replace(before, state="rolling_back")
        case model.StopTasks():
            return replace(before, stage=rolling.STOPPING)
        case model.Succeed() | model.End():
            return None
        case _:
            return before


def is_proof(seen: Observed) -> bool:
    """The promise in other words than the code's."""
    started, shown = seen.service_deployment, seen.service
    running = [each for each in seen.tasks if each.last_status == "RUNNING" and each.desired_status == "RUNNING"]
    return (
        started is not None
        and started.status == "SUCCESSFUL"
        and shown is not None
        and len(running) >= shown.desired > 0
        and {(each.task_definition, each.containers[0].image_digest) for each in running} == {(OURS, DIGEST)}
    )


@settings(max_examples=10 * settings().max_examples)
@given(start=views, shown=st.lists(st.tuples(observations, st.booleans(), st.booleans()), max_size=30))
def test_no_sequence_of_observations_ends_in_an_unproved_success(
    start: DeploymentView, shown: list[tuple[Observed, bool, bool]]
) -> None:
    row: DeploymentView | None = start
    for seen, aborted, overdue in shown:
        assert row is not None
        row = replace(row, abort="Aborted." if aborted else row.abort, deadline_at=NOW if overdue else None)
        action = step(row, seen, NOW)
        following = carried_out(row, action)
        if isinstance(action, model.Succeed):
            assert is_proof(seen)
            assert not row.abort
        new = action.state if isinstance(action, model.End) else following.state if following else "succeeded"
        assert new == row.state or DEPLOYMENT.allows(row.state, new)
        if following is None:
            return
        row = following
