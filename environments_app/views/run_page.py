"""What the page of a run shows, worked out from its row. Pure: no database, no request."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from typing import Any

from environments_app.models import Run
from environments_app.states import ENDED_WELL, HELD_BY_WORKER
from environments_app.terraform.plan import UNKNOWN
from environments_app.views.stages import Stage, Usual

OPERATIONS = {
    "create": ("+", "add", False),
    "update": ("~", "change", False),
    "replace": ("±", "replace", True),
    "delete": ("−", "destroy", True),
    "forget": ("−", "forget", False),
}
"""Sign, word and danger of an action of a plan."""
COMPARED_RUNS = 5
"""How many finished runs say how long a phase usually takes."""
COST_SCALE = 340
"""Width of the cost range's drawing."""
_CHARACTER = 6.6
"""Width of a small letter on that scale, at most."""


@dataclass(frozen=True)
class Attributes:
    """The changed attributes of a resource: told, and the names of those that are set only by the apply."""

    told: Sequence[Mapping[str, Any]]
    later: Sequence[str]


def attributes_of(change: Mapping[str, Any]) -> Attributes:
    """A value that gets lost, or forces a replacement, is told, whatever comes in its place."""
    told, later = [], []
    for each in change["attributes"]:
        if each["after"] == UNKNOWN and not each["before"] and not each["forces_replacement"]:
            later.append(each["path"])
        else:
            told.append(each)
    return Attributes(told, later)


@dataclass(frozen=True)
class Row:
    """One resource of the plan.

    cost: change of the monthly cost, None where it is not known; by_use: use is charged that nobody stated.
    """

    change: Mapping[str, Any]
    sign: str
    word: str
    is_dangerous: bool
    cost: float | None
    by_use: bool

    @property
    def key(self) -> str:
        return "".join(letter if letter.isalnum() else "-" for letter in self.change["address"])

    @property
    def attributes(self) -> Attributes:
        return attributes_of(self.change)

    @property
    def note(self) -> str:
        if self.change["action"] == "update":
            return "in place"
        return str(self.change.get("reason", ""))


@dataclass(frozen=True)
class Module:
    """The rows of one module with their counts in words and the sum of their known costs, None where there is none."""

    name: str
    counts: str
    rows: Sequence[Row]
    cost: float | None

    @property
    def types(self) -> list[str]:
        """What it is made of, for who does not open it."""
        return sorted({row.change["type"] for row in self.rows})

    @property
    def is_open(self) -> bool:
        """Whether a long page shows its rows at once: a change of what exists is read before additions."""
        return any(row.change["action"] != "create" for row in self.rows)

    @property
    def has_unknown(self) -> bool:
        return any(row.cost is None for row in self.rows)


@dataclass(frozen=True)
class Cost:
    """The monthly cost before, and after the apply and the releases that it asks for.

    change: by_apply and by_release together, without what is unknown before or after. releases: what the next
    release of each service changes, as `cost.releases.ReleaseChange` says it. bars: positions on a scale of
    COST_SCALE.
    """

    before: float
    after: float
    change: float | None
    percent: float | None
    low: float | None
    high: float | None
    unknown: Sequence[str]
    unknown_before: Sequence[str]
    by_use: Sequence[str]
    budget: float | None
    by_apply: float
    by_release: float | None
    releases: Sequence[Mapping[str, Any]]
    bars: Mapping[str, float] = field(default_factory=dict)

    @property
    def labels(self) -> Sequence[tuple[float, str]]:
        """(middle, words) below the marks, the most telling ones first; one that would cover another is left out."""
        placed: list[tuple[float, float, str]] = []
        for name in ("expected", "budget", "now"):
            if name in self.bars:
                text = f"budget {self.budget:,.0f}" if name == "budget" else name
                half = len(text) * _CHARACTER / 2
                middle = min(max(self.bars[name] + 1.5, half), COST_SCALE - half)
                if all(abs(middle - other) > half + its_half + _CHARACTER for other, its_half, _ in placed):
                    placed.append((middle, half, text))
        return [(round(middle, 1), text) for middle, _, text in placed]

    @property
    def is_over_budget(self) -> bool:
        return self.budget is not None and self.after > self.budget

    @property
    def is_least(self) -> bool:
        """Whether more is charged than the sum says: unknown prices, or use that nobody stated."""
        return bool(self.unknown or self.by_use)

    @property
    def has_range(self) -> bool:
        return self.low is not None and self.high is not None and self.high - self.low >= 0.01


def cost_of(run: Run, budget: float | None) -> Cost | None:
    """The run's estimate; None where there is none (not planned yet, or the estimator failed)."""
    if "after" not in run.cost:
        return None
    before, after = run.cost["before"], run.cost["after"]
    was, will = before["total_monthly_cost"], after["total_monthly_cost"]
    low, high = after["range"]["low"], after["range"]["high"]
    amounts = {"now": was, "expected": will, "low": low, "high": high, "budget": budget}
    known = {name: amount for name, amount in amounts.items() if amount is not None}
    release = run.cost.get("next_release") or {"change": 0.0, "services": []}  # none in runs of earlier versions
    # Without the part that nobody knows, the rest would read as all of it.
    change = None if release["change"] is None else run.cost["change"]
    top = max([*known.values(), 0.01]) * 1.08
    return Cost(
        before=was,
        after=will,
        change=change,
        percent=100 * change / was if was and change is not None else None,
        low=low,
        high=high,
        unknown=after["unknown"],
        unknown_before=sorted(set(run.cost.get("uncertain", ())) - set(after["unknown"])),
        by_use=sorted(a for a, r in after["resources"].items() if r.get("has_unstated_usage")),
        budget=budget,
        by_apply=run.cost.get("by_apply", run.cost["change"]),
        by_release=release["change"],
        releases=release["services"],
        bars={name: round(amount / top * COST_SCALE, 1) for name, amount in known.items()},
    )


def rows_of(run: Run) -> list[Row]:
    """The plan's resource changes with their costs, in the plan's order (dangerous ones first)."""
    changes = run.summary.get("changes", [])
    deltas, resources = run.cost.get("by_resource", {}), {}
    for side in ("before", "after"):
        resources.update(run.cost.get(side, {}).get("resources", {}))
    rows = []
    for change in changes:
        sign, word, dangerous = OPERATIONS.get(change["action"], ("·", change["action"], False))
        costs = resources.get(change["address"])
        by_use = bool(costs and costs.get("has_unstated_usage"))
        if costs is None or costs["status"] == "unknown":
            cost = None
        elif costs["status"] == "usage_based":
            cost, by_use = None, True
        else:
            cost = deltas.get(change["address"], 0.0)
        rows.append(Row(change, sign, word, dangerous, cost, by_use))
    return rows


def drift_of(run: Run) -> list[tuple[Mapping[str, Any], Attributes]]:
    """What changed outside of Slipway, with its attributes."""
    return [(change, attributes_of(change)) for change in run.summary.get("drift", [])]


def modules_of(rows: Sequence[Row]) -> list[Module]:
    """The rows by module, the root module last."""

    def module_name(row: Row) -> str:
        return str(row.change["module"])

    ordered = sorted(rows, key=lambda row: (not module_name(row), module_name(row), row.change["address"]))
    return [_module(name, list(group)) for name, group in groupby(ordered, key=module_name)]


def _module(name: str, rows: list[Row]) -> Module:
    counts = []
    for word in ("add", "change", "replace", "destroy", "forget"):
        if count := sum(row.word == word for row in rows):
            counts.append(f"{count} to {word}")
    known = [row.cost for row in rows if row.cost is not None]
    # Beside parts that are not known, a sum of nothing but free ones would read as a price.
    cost = sum(known) if any(known) or len(known) == len(rows) else None
    return Module(name or "root module", ", ".join(counts), rows, cost)


def usual_lengths(before: Iterable[Run]) -> dict[str, Usual]:
    """How long planning and applying took in earlier runs, newest first, by the stage's name."""
    plans, applies = [], []
    for run in before:
        if run.planning_at and run.planned_at:
            plans.append(run.planned_at - run.planning_at)
        if run.applying_at and run.finished_at and run.state == "applied":
            applies.append(run.finished_at - run.applying_at)
    compared = {"Plan": plans[:COMPARED_RUNS], "Apply": applies[:COMPARED_RUNS]}
    return {name: Usual(_middle(lengths), len(lengths)) for name, lengths in compared.items() if lengths}


def _middle(lengths: Sequence[timedelta]) -> timedelta:
    """The median, to the minute; what is shorter than one, to five seconds."""
    seconds = median(length.total_seconds() for length in lengths)
    step = 60 if seconds >= 60 else 5
    return timedelta(seconds=max(step, step * round(seconds / step)))


def stages_of(
    run: Run, approvals: tuple[int, int] | None, now: datetime, usual: Mapping[str, Usual] | None = None
) -> list[Stage]:
    """The stage line: past, now, to come.

    `approvals`: how many stand and how many are needed; `usual`: what `usual_lengths` says.
    """
    usual = usual or {}
    given = f"so far, {approvals[0]} of {approvals[1]}" if approvals else "so far"
    spans = [("Queued", run.created_at, run.planning_at), ("Plan", run.planning_at, run.planned_at)]
    if run.changes_the_world:
        spans += [("Approval", run.planned_at, run.applying_at), ("Apply", run.applying_at, run.finished_at)]
    stages = []
    for name, begin, end in spans:
        # The first phase without an end is where the run stands, or where it stopped.
        if begin and end and not (name == "Apply" and run.state != "applied"):
            stages.append(Stage(name, "done", took=end - begin))
        elif begin and not run.is_finished:
            note = given if name == "Approval" else "so far"
            works = run.state in HELD_BY_WORKER
            stages.append(Stage(name, "now", run.state, now - begin, note, works, usual=usual.get(name)))
        elif begin and run.state not in ENDED_WELL:
            took = run.finished_at - begin if run.finished_at else None
            word = run.state.replace("_", " ")
            stages.append(Stage(name, "now", run.state, took, f"then {word}" if took else word))
        elif not run.is_finished:
            stages.append(Stage(name))
        else:
            stages.append(Stage(name, note="not needed" if run.state in ENDED_WELL else "not reached"))
    if run.state in ENDED_WELL and run.is_finished:
        stages.append(Stage("Done", "done", run.state))
    elif not run.is_finished:
        stages.append(Stage("Done", note="outputs recorded" if run.changes_the_world else ""))
    return stages


def output_waits(run: Run) -> str:
    """Why no output comes while the run is neither worked on nor finished; "" where it may come any moment."""
    return {
        "queued": "waits its turn",
        "awaiting_approval": "waits for approval",
        "approved": "waits its turn",
    }.get(run.state, "")


def progress_of(run: Run) -> dict[str, Any] | None:
    """The bar over the output: phase, done of total, percent; None before there is any."""
    progress = run.progress
    if not progress:
        return None
    total = int(progress.get("total", 0))
    # Terraform also reports ephemeral resources, which the plan does not count.
    done = min(int(progress.get("done", 0)), total)
    return {
        "phase": progress.get("phase", ""),
        "done": done,
        "total": total,
        "current": progress.get("current", ""),
        "percent": round(100 * done / total) if total else 0,
        "works": run.state in {"planning", "applying"},
    }
