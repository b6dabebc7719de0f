"""Whether what is there is partly the work of a change that stopped on the way: a drift check must know."""

from datetime import timedelta

import pytest

from controlplane.lib import clock
from environments_app.models import Environment, Run
from environments_app.selectors import half_applied
from tests import factories


@pytest.fixture
def environment(db: None) -> Environment:
    return factories.environment(factories.system("shop"))


def ended(environment: Environment, state: str, *, began: bool = True, ago: int = 0, kind: str = "apply") -> Run:
    run = factories.run(environment, factories.member(environment.system, "developer"))
    then = clock.now() - timedelta(minutes=ago)
    Run.objects.filter(pk=run.pk).update(state=state, kind=kind, finished_at=then, applying_at=then if began else None)
    return run


@pytest.mark.parametrize("state", ["failed", "canceled"])
def test_the_newest_change_that_stopped_on_the_way(environment: Environment, state: str) -> None:
    ended(environment, "applied", ago=9)
    stopped = ended(environment, state)
    assert half_applied(environment) == stopped


def test_one_that_failed_before_it_began_changed_nothing(environment: Environment) -> None:
    ended(environment, "applied", ago=9)
    ended(environment, "failed", began=False)
    assert half_applied(environment) is None


def test_an_apply_after_it_has_mended_it(environment: Environment) -> None:
    ended(environment, "failed", ago=9)
    ended(environment, "applied")
    assert half_applied(environment) is None


def test_nothing_was_ever_applied(environment: Environment) -> None:
    assert half_applied(environment) is None
