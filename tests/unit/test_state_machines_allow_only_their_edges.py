"""Every pair of states of every machine: an edge can be walked once, anything else is refused."""

import pytest

from controlplane.core.states import APPROVAL
from controlplane.lib.states import ForbiddenTransition, Machine, compare_and_swap, machine
from environments_app.models import Run
from environments_app.states import CAN_BE_DISCARDED, HELD_BY_WORKER, RUN, WAITS_FOR_WORKER
from tests import factories

MACHINES = [RUN, APPROVAL]


@pytest.mark.parametrize("table", MACHINES, ids=lambda table: table.name)
def test_every_state_is_reached_and_can_end(table: Machine) -> None:
    reached, frontier = {table.initial}, {table.initial}
    while frontier:
        frontier = set().union(*(table.edges[state] for state in frontier)) - reached
        reached |= frontier
    assert reached == table.states
    assert table.final
    for state in table.active:
        following, seen = {state}, {state}
        while following:
            following = set().union(*(table.edges[one] for one in following)) - seen
            seen |= following
        assert seen & table.final, f"{state} can never end"


def test_named_sets_name_real_states() -> None:
    assert RUN.states >= WAITS_FOR_WORKER | HELD_BY_WORKER | CAN_BE_DISCARDED
    assert all(RUN.allows(state, "discarded") for state in CAN_BE_DISCARDED)


@pytest.mark.django_db
@pytest.mark.parametrize("old", sorted(RUN.states))
def test_a_run_walks_only_its_edges(old: str) -> None:
    run = factories.run(factories.environment(), factories.user(is_superuser=True))
    for new in sorted(RUN.states):
        Run.objects.filter(pk=run.pk).update(state=old)
        if RUN.allows(old, new):
            assert compare_and_swap(run, RUN, old, new), new
            assert run.state == new
            assert not compare_and_swap(run, RUN, old, new) or old == new
        else:
            with pytest.raises(ForbiddenTransition):
                compare_and_swap(run, RUN, old, new)
            assert Run.objects.get(pk=run.pk).state == old, new


def test_a_target_without_edges_is_final() -> None:
    table = machine("light", "green", {"green": ["red"]})
    assert table.final == {"red"}
    assert table.active == {"green"}
