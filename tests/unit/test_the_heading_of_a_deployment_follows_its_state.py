"""The heading, the chip beside it and the next step say what becomes of a rollout, also before its state does."""

from typing import Any

import pytest

from controlplane.lib import clock
from deployments_app.models import Deployment, Release
from deployments_app.views import page
from environments_app.models import Service

ABORTED = {"abort_requested_at": clock.now(), "abort_requested_by": "oscar"}
FAILING = {"observed": {"failures": {"a": "crashed"}}}


def turned(status: str) -> dict[str, Any]:
    return {"observed": {"service_deployment": {"status": status, "reason": ""}, "failures": {"a": "crashed"}}}


def deployment(state: str, *, is_first: bool = False, **values: Any) -> Deployment:
    service = Service(slug="api")
    before = None if is_first else Release(version="1.8.3", service=service)
    release = Release(version="1.9.0", service=service)
    return Deployment(state=state, service=service, release=release, previous_release=before, **values)


@pytest.mark.parametrize(
    ("state", "values", "said", "chip"),
    [
        ("rolling_out", {}, "is rolling out", "rolling_out"),
        ("rolling_out", FAILING, "is rolling out, and new tasks failed", "rolling_out"),
        ("rolling_out", turned("IN_PROGRESS"), "is rolling out, and new tasks failed", "rolling_out"),
        ("rolling_out", turned("ROLLBACK_REQUESTED"), "is being taken back by ECS", "rolling_back"),
        ("rolling_out", turned("ROLLBACK_IN_PROGRESS"), "is being taken back by ECS", "rolling_back"),
        ("rolling_out", turned("ROLLBACK_SUCCESSFUL"), "is being taken back by ECS", "rolling_back"),
        ("rolling_out", ABORTED, "is about to be taken back", "rolling_out"),
        ("baking", ABORTED, "is about to be taken back", "baking"),
        ("rolling_out", {"stage": "stopping", **FAILING}, "has failed, its tasks are being stopped", "STOPPING"),
        ("baking", {"stage": "stopping", **ABORTED}, "is being stopped", "STOPPING"),
        ("rolling_back", {**FAILING, **ABORTED}, "is being taken back", "rolling_back"),
        ("rolled_back", turned("ROLLBACK_SUCCESSFUL"), "was taken back", "rolled_back"),
        ("failed", {"stage": "stopping", **FAILING}, "failed", "failed"),
    ],
)
def test_what_is_said(state: str, values: dict[str, Any], said: str, chip: str) -> None:
    found = deployment(state, **values)
    assert page.heading(found) == f"api 1.8.3 → 1.9.0 {said}"
    assert page.shown_state(found) == chip


def test_a_first_release_has_nothing_to_be_taken_back_to() -> None:
    assert page.heading(deployment("rolling_out", is_first=True, **ABORTED)) == "api 1.9.0 is about to be stopped"


def test_the_next_step_does_not_hope_either() -> None:
    assert page.next_step(deployment("rolling_out", **turned("ROLLBACK_IN_PROGRESS")))[0] == "ECS takes it back"
    assert (
        page.next_step(deployment("rolling_out", is_first=True, stage="stopping"))[0] == "Next: its tasks are stopped"
    )
