"""Every state of every machine has its place in the one vocabulary; what is unknown never looks good."""

import pytest

from controlplane.core.states import APPROVAL
from controlplane.env import REPOSITORY
from controlplane.pages.status import STATUSES, Meaning, status_of
from deployments_app.states import DEPLOYMENT
from environments_app.states import RUN

MACHINES = [RUN, APPROVAL, DEPLOYMENT]


@pytest.mark.parametrize("state", sorted({state for machine in MACHINES for state in machine.states}))
def test_every_state_of_every_machine_has_a_meaning(state: str) -> None:
    assert state in STATUSES


@pytest.mark.parametrize("state", ["", None, "exploding", "Succeeded", "succeeded "])
def test_a_word_outside_the_table_is_not_known(state: str | None) -> None:
    assert status_of(state).meaning is Meaning.UNKNOWN


def test_an_unknown_word_is_shown_as_it_came() -> None:
    assert "exploding" in status_of("exploding").word


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("queued", Meaning.WAIT),
        ("planning", Meaning.WORK),
        ("applying", Meaning.WORK),
        ("awaiting_approval", Meaning.ASK),
        ("paused", Meaning.ASK),
        ("applied", Meaning.GOOD),
        ("no_changes", Meaning.GOOD),
        ("succeeded", Meaning.GOOD),
        ("OK", Meaning.GOOD),
        ("rolled_back", Meaning.BACK),
        ("canceled", Meaning.BACK),
        ("discarded", Meaning.BACK),
        ("superseded", Meaning.BACK),
        ("failed", Meaning.BAD),
        ("rollback_failed", Meaning.BAD),
        ("ALARM", Meaning.BAD),
        ("outcome_unknown", Meaning.UNKNOWN),
        ("INSUFFICIENT_DATA", Meaning.UNKNOWN),
        ("drifted", Meaning.PLAIN),
    ],
)
def test_the_meanings_are_those_of_the_design(state: str, meaning: Meaning) -> None:
    assert status_of(state).meaning is meaning


def test_nothing_that_can_still_go_wrong_is_called_good() -> None:
    under_way = RUN.active - {"planned"}
    assert not [state for state in under_way if status_of(state).meaning is Meaning.GOOD]


def test_every_icon_is_in_the_sprite() -> None:
    sprite = (REPOSITORY / "templates/components/sprite.html").read_text()
    missing = {status.icon for status in STATUSES.values() if f'<symbol id="i-{status.icon}"' not in sprite}
    assert not missing
