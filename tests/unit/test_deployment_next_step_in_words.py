"""The one line that says what happens next promises nothing that nobody knows."""

from typing import Any

import pytest

from controlplane.lib import clock
from deployments_app import words
from deployments_app.models import Deployment
from deployments_app.views import page


def said(state: str, **values: Any) -> tuple[str, str]:
    return page.next_step(Deployment(state=state, **values))


@pytest.mark.parametrize("state", ["rolling_out", "baking"])
@pytest.mark.parametrize(
    ("reason", "why"),
    [("", "AWS does not answer; it is asked again."), (words.LOOK_FAILED, words.LOOK_FAILED)],
)
def test_an_abort_while_nothing_is_known_waits_for_a_look_that_succeeds(state: str, reason: str, why: str) -> None:
    abort = {"abort_requested_at": clock.now(), "abort_requested_by": "oscar"}
    assert said(state, **abort) == ("oscar aborted it", "the next look takes it back.")
    blind = said(state, **abort, unknown_since=clock.now(), reason=reason)
    assert blind == ("oscar aborted it", f"it is taken back as soon as a look succeeds. {why}")


def test_without_an_abort_it_is_only_not_known() -> None:
    assert said("rolling_out", unknown_since=clock.now())[0] == "Not known for now"
