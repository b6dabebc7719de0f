"""One way to change state: a transition table as data, and a compare-and-swap that asks "did one row change?"."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Model

from controlplane.lib.errors import SlipwayError


class ForbiddenTransition(SlipwayError):
    """The table has no such edge: a programming error, never an answer to a race."""

    def __init__(self, machine: str, old: str, new: str) -> None:
        super().__init__("FORBIDDEN_TRANSITION", f"{machine}: {old} -> {new} is not in the transition table")


@dataclass(frozen=True)
class Machine:
    """A state machine as data: `edges` maps each state to the states that may follow it."""

    name: str
    initial: str
    edges: Mapping[str, frozenset[str]]

    @cached_property
    def states(self) -> frozenset[str]:
        return frozenset(self.edges)

    @cached_property
    def final(self) -> frozenset[str]:
        return frozenset(state for state, following in self.edges.items() if not following)

    @cached_property
    def active(self) -> frozenset[str]:
        return self.states - self.final

    def allows(self, old: str, new: str) -> bool:
        return new in self.edges[old]


def machine(name: str, initial: str, edges: Mapping[str, Iterable[str]]) -> Machine:
    """Builds a Machine; a state that is only ever named as a target becomes a final one."""
    whole: dict[str, frozenset[str]] = {state: frozenset(following) for state, following in edges.items()}
    for following in list(whole.values()):
        for state in following:
            whole.setdefault(state, frozenset())
    return Machine(name, initial, whole)


def compare_and_swap(
    row: Model, table: Machine, old: str, new: str, *, where: Mapping[str, Any] | None = None, **values: Any
) -> bool:
    """Moves `row` from `old` to `new`, with further `values`, if it is still in `old` (and matches `where`).

    True when exactly this caller moved it; the row in memory then carries the new values. Losing the race is
    the normal answer False. Raises ForbiddenTransition for an edge that the table does not have.
    """
    if not table.allows(old, new):
        raise ForbiddenTransition(table.name, old, new)
    manager = type(row)._default_manager
    changed = manager.filter(pk=row.pk, state=old, **(where or {})).update(state=new, **values)
    if changed != 1:
        return False
    for name, value in {"state": new, **values}.items():
        setattr(row, name, value)
    return True
