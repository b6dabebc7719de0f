"""What the page of a run works out of its row: rows with costs, modules, the cost range, the stage line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from environments_app.models import Run
from environments_app.views import run_page
from environments_app.views.stages import Usual

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def change(address: str, action: str = "create", module: str = "") -> dict[str, Any]:
    kind, _, name = address.rpartition(".")
    return {"address": address, "module": module, "type": kind, "name": name, "action": action, "attributes": []}


def resource(status: str = "priced", **values: Any) -> dict[str, Any]:
    return {"status": status, "monthly_cost": None, "has_unstated_usage": False, **values}


def estimate(total: float, resources: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "total_monthly_cost": total,
        "resources": resources,
        "unknown": [],
        "range": {"low": total, "high": total},
        **values,
    }


def planned(changes: list[dict[str, Any]], cost: dict[str, Any] | None = None, **values: Any) -> Run:
    return Run(kind="apply", state="awaiting_approval", summary={"changes": changes}, cost=cost or {}, **values)


def test_a_resource_without_a_known_price_has_no_number() -> None:
    resources = {"aws_thing.a": resource("unknown"), "aws_thing.b": resource("priced"), "aws_thing.c": resource("free")}
    cost = {
        "before": estimate(0, {}),
        "after": estimate(1, resources),
        "change": 1,
        "by_resource": {"aws_thing.b": 1.0},
    }
    changes = [change(f"aws_thing.{letter}") for letter in "abcd"]
    costs = {row.change["address"]: row.cost for row in run_page.rows_of(planned(changes, cost))}
    assert costs == {"aws_thing.a": None, "aws_thing.b": 1.0, "aws_thing.c": 0.0, "aws_thing.d": None}


def test_what_charges_by_use_only_is_marked_and_has_no_number() -> None:
    cost = {
        "before": estimate(0, {}),
        "after": estimate(0, {"aws_logs.a": resource("usage_based", has_unstated_usage=True)}),
        "change": 0,
        "by_resource": {},
    }
    (row,) = run_page.rows_of(planned([change("aws_logs.a")], cost))
    assert row.cost is None
    assert row.by_use


def test_replacing_and_destroying_are_dangerous_and_nothing_else_is() -> None:
    actions = ["create", "update", "replace", "delete", "forget", "something new"]
    rows = run_page.rows_of(planned([change(f"aws_thing.{action}", action) for action in actions]))
    assert [row.change["action"] for row in rows if row.is_dangerous] == ["replace", "delete"]


def test_modules_sum_what_is_known_and_the_root_comes_last() -> None:
    resources = {"m.a": resource(), "m.b": resource("unknown"), "r": resource("unknown")}
    cost = {"before": estimate(0, {}), "after": estimate(2, resources), "change": 2, "by_resource": {"m.a": 2.0}}
    changes = [change("r"), change("m.b", module="module.m"), change("m.a", "update", module="module.m")]
    modules = run_page.modules_of(run_page.rows_of(planned(changes, cost)))
    assert [(module.name, module.counts, module.cost) for module in modules] == [
        ("module.m", "1 to add, 1 to change", 2.0),
        ("root module", "1 to add", None),
    ]


def test_a_module_of_free_and_unpriced_parts_has_no_sum() -> None:
    resources = {"m.a": resource("free"), "m.b": resource("unknown"), "n.a": resource("free")}
    cost = {"before": estimate(0, {}), "after": estimate(0, resources), "change": 0, "by_resource": {}}
    changes = [change("m.a", module="module.m"), change("m.b", module="module.m"), change("n.a", module="module.n")]
    modules = run_page.modules_of(run_page.rows_of(planned(changes, cost)))
    assert [(module.name, module.cost, module.has_unknown) for module in modules] == [
        ("module.m", None, True),
        ("module.n", 0, False),
    ]


def test_a_failed_estimate_is_no_cost_at_all() -> None:
    assert run_page.cost_of(planned([], {"error": "boom"}), None) is None
    assert run_page.cost_of(planned([]), None) is None


def test_the_cost_range_is_drawn_to_one_scale() -> None:
    after = estimate(50, {}, range={"low": 25, "high": 100})
    cost = run_page.cost_of(planned([], {"before": estimate(40, {}), "after": after, "change": 10}), 80.0)
    assert cost is not None
    assert cost.percent == pytest.approx(25)
    assert cost.bars["high"] == pytest.approx(4 * cost.bars["low"], abs=0.5)
    assert max(cost.bars.values()) < run_page.COST_SCALE


@pytest.mark.parametrize(
    ("now", "expected", "budget", "named"),
    [
        (20, 90, 55, ["expected", "budget 55", "now"]),
        (50, 50, 90, ["expected", "budget 90"]),
        (0, 100, 100, ["expected", "now"]),
        (0, 0, 100, ["expected", "budget 100"]),
    ],
)
def test_the_marks_of_the_range_are_named_where_the_names_have_room(
    now: float, expected: float, budget: float, named: list[str]
) -> None:
    after = estimate(expected, {}, range={"low": expected, "high": expected})
    change = expected - now
    run = planned([], {"before": estimate(now, {}), "after": after, "change": change})
    cost = run_page.cost_of(run, budget)
    assert cost is not None
    assert [words for _, words in cost.labels] == named
    assert all(0 < middle < run_page.COST_SCALE for middle, _ in cost.labels)


def test_a_first_apply_has_no_percentage() -> None:
    cost = run_page.cost_of(planned([], {"before": estimate(0, {}), "after": estimate(9, {}), "change": 9}), None)
    assert cost is not None
    assert cost.percent is None


def stages(state: str, *, kind: str = "apply", reached: int = 0, ended: bool = False) -> list[tuple[str, str, str]]:
    """(name, place, state) of each stage of a run that has reached so many of planning, planned, applying."""
    times = [NOW - timedelta(minutes=minutes) for minutes in (30, 20, 10)][:reached] + [None] * (3 - reached)
    run = Run(
        kind=kind,
        state=state,
        created_at=NOW - timedelta(hours=1),
        planning_at=times[0],
        planned_at=times[1],
        applying_at=times[2],
        finished_at=NOW if ended else None,
    )
    return [(stage.name, stage.place, stage.state) for stage in run_page.stages_of(run, (1, 2), NOW)]


def test_a_waiting_run_stands_at_its_approval() -> None:
    assert ("Approval", "now", "awaiting_approval") in stages("awaiting_approval", reached=2)


def test_a_run_that_failed_while_planning_stopped_there() -> None:
    line = stages("failed", reached=1, ended=True)
    assert line[1] == ("Plan", "now", "failed")
    assert [place for name, place, _ in line if name in {"Approval", "Apply"}] == ["", ""]


def test_a_run_that_failed_while_applying_never_shows_the_apply_as_done() -> None:
    assert stages("failed", reached=3, ended=True)[-1] == ("Apply", "now", "failed")


def test_a_lost_apply_shows_that_its_end_is_not_known() -> None:
    assert ("Apply", "now", "outcome_unknown") in stages("outcome_unknown", reached=3)


def test_an_applied_run_is_done_to_the_end() -> None:
    assert {place for _, place, _ in stages("applied", reached=3, ended=True)} == {"done"}


def test_a_run_without_changes_needs_no_approval() -> None:
    line = stages("no_changes", reached=2, ended=True)
    assert ("Apply", "", "OK") in line
    assert line[-1] == ("Done", "done", "no_changes")


# ---- How long it usually takes


def earlier(plan: timedelta | None = None, apply: timedelta | None = None, state: str = "applied") -> Run:
    """A run that ended, with the lengths of its phases."""
    planned_at, applying_at = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    return Run(
        kind="apply",
        state=state,
        planning_at=planned_at - plan if plan else None,
        planned_at=planned_at if plan else None,
        applying_at=applying_at if apply else None,
        finished_at=applying_at + (apply or timedelta()),
    )


def test_the_usual_length_is_the_median_of_the_newest_five() -> None:
    lengths = [4, 6, 90, 5, 7, 1, 1, 1]
    usual = run_page.usual_lengths([earlier(apply=timedelta(minutes=minutes)) for minutes in lengths])
    assert usual == {"Apply": Usual(timedelta(minutes=6), 5)}


def test_an_apply_that_did_not_succeed_says_nothing_of_how_long_one_takes() -> None:
    two = timedelta(minutes=2)
    assert run_page.usual_lengths([earlier(plan=two, apply=two, state="no_changes")]) == {"Plan": Usual(two, 1)}
    assert run_page.usual_lengths([]) == {}


@pytest.mark.parametrize(("seconds", "said"), [(1, 5), (12, 10), (58, 60), (89, 60), (100, 120), (3590, 3600)])
def test_what_is_usual_is_said_roundly(seconds: int, said: int) -> None:
    usual = run_page.usual_lengths([earlier(plan=timedelta(seconds=seconds))])
    assert usual["Plan"].length == timedelta(seconds=said)


def test_only_the_phase_that_works_says_how_long_it_usually_takes() -> None:
    usual = {"Plan": Usual(timedelta(minutes=1), 5), "Apply": Usual(timedelta(minutes=6), 5)}
    run = Run(
        kind="apply",
        state="applying",
        created_at=NOW - timedelta(minutes=9),
        planning_at=NOW - timedelta(minutes=8),
        planned_at=NOW - timedelta(minutes=7),
        applying_at=NOW - timedelta(minutes=2),
    )
    line = run_page.stages_of(run, None, NOW, usual)
    assert {stage.name: stage.usual for stage in line if stage.usual} == {"Apply": usual["Apply"]}


def test_a_phase_in_which_a_run_failed_says_how_long_it_had_worked() -> None:
    run = Run(
        kind="speculative",
        state="failed",
        created_at=NOW - timedelta(minutes=9),
        planning_at=NOW - timedelta(minutes=8),
        finished_at=NOW,
    )
    stage = run_page.stages_of(run, None, NOW)[1]
    assert (stage.name, stage.took, stage.note) == ("Plan", timedelta(minutes=8), "then failed")


def test_attributes_that_only_the_apply_sets_are_told_by_name_alone() -> None:
    unknown = "(known after apply)"
    changed = [
        {"path": "arn", "before": "", "after": unknown, "forces_replacement": False},
        {"path": "name", "before": "", "after": "shop", "forces_replacement": False},
        {"path": "subnet", "before": "", "after": unknown, "forces_replacement": True},
        {"path": "id", "before": "i-1", "after": unknown, "forces_replacement": False},
    ]
    (row,) = run_page.rows_of(planned([{**change("aws_thing.a", "replace"), "attributes": changed}]))
    assert row.attributes.later == ["arn"]
    assert [each["path"] for each in row.attributes.told] == ["name", "subnet", "id"]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("queued", "waits its turn"),
        ("planning", ""),
        ("awaiting_approval", "waits for approval"),
        ("approved", "waits its turn"),
        ("applying", ""),
        ("applied", ""),
        ("outcome_unknown", ""),
    ],
)
def test_output_says_what_a_run_waits_for(state: str, said: str) -> None:
    assert run_page.output_waits(Run(kind="apply", state=state)) == said
