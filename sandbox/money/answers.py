"""Cost Explorer's answers from the account book. Pure; shapes are those of botocore's `ce` model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.money.ledger import Entry
from sandbox.money.usage import Item

COSTS = ("UnblendedCost", "BlendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost")
METRICS = (*COSTS, "UsageQuantity", "NormalizedUsageAmount")
_RECORD = "Usage"
_DIMENSIONS: dict[str, Callable[[Item, str], str]] = {
    "SERVICE": lambda item, account: item.service,
    "USAGE_TYPE": lambda item, account: item.usage_type,
    "REGION": lambda item, account: item.region,
    "LINKED_ACCOUNT": lambda item, account: account,
    "RECORD_TYPE": lambda item, account: _RECORD,
}
Keep = Callable[[Item], bool]


class QueryInvalid(ValueError):
    """The request makes no sense, or asks for what the sandbox does not have; the message says which."""


@dataclass(frozen=True)
class Period:
    start: date
    end: date

    @property
    def shape(self) -> dict[str, str]:
        return {"Start": self.start.isoformat(), "End": self.end.isoformat()}


# -- what is asked -----------------------------------------------------------------------------------------------


def period_of(given: Mapping[str, Any]) -> Period:
    try:
        start, end = date.fromisoformat(given["Start"]), date.fromisoformat(given["End"])
    except (KeyError, TypeError, ValueError) as error:
        raise QueryInvalid("TimePeriod must have Start and End as yyyy-MM-dd") from error
    if start >= end:
        raise QueryInvalid("Start date (and hour) should be before end date (and hour)")
    return Period(start, end)


def periods(whole: Period, granularity: str | None) -> Iterator[Period]:
    """The days or calendar months of a period, the first and last of them cut where it begins and ends."""
    if granularity not in ("DAILY", "MONTHLY"):
        raise QueryInvalid(f"Granularity must be DAILY or MONTHLY here, not {granularity}")
    at = whole.start
    while at < whole.end:
        following = at + timedelta(days=1) if granularity == "DAILY" else _next_month(at)
        yield Period(at, min(following, whole.end))
        at = following


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def filter_of(given: Mapping[str, Any] | None, account: str) -> Keep:
    """A predicate from a Cost Explorer expression."""
    if not given:
        return lambda item: True
    if len(given) != 1:
        raise QueryInvalid("Expression must have exactly one root of And, Or, Not, Dimensions and Tags")
    kind, value = next(iter(given.items()))
    if kind in ("And", "Or"):
        parts = [filter_of(each, account) for each in value]
        if len(parts) < 2:
            raise QueryInvalid(f"{kind} needs two expressions or more")
        every = all if kind == "And" else any
        return lambda item: every(part(item) for part in parts)
    if kind == "Not":
        inner = filter_of(value, account)
        return lambda item: not inner(item)
    if kind == "Dimensions":
        read = _dimension(value.get("Key"))
        return _matching(lambda item: read(item, account), value)
    if kind == "Tags":
        return _matching(lambda item: dict(item.tags).get(value["Key"], ""), value)
    raise QueryInvalid(f"The sandbox does not filter by {kind}")


def _dimension(name: Any) -> Callable[[Item, str], str]:
    if name not in _DIMENSIONS:
        raise QueryInvalid(f"The sandbox knows the dimensions {', '.join(_DIMENSIONS)}, not {name}")
    return _DIMENSIONS[name]


def _matching(read: Callable[[Item], str], given: Mapping[str, Any]) -> Keep:
    values, options = list(given.get("Values") or []), set(given.get("MatchOptions") or ["EQUALS"])
    fold = "CASE_INSENSITIVE" in options
    wanted = [value.lower() if fold else value for value in values]

    def look(item: Item) -> bool:
        held = read(item).lower() if fold else read(item)
        if "ABSENT" in options:
            return not held
        if "STARTS_WITH" in options:
            return held.startswith(tuple(wanted))
        if "ENDS_WITH" in options:
            return held.endswith(tuple(wanted))
        if "CONTAINS" in options:
            return any(value in held for value in wanted)
        return held in wanted

    return look


def group_of(given: Sequence[Mapping[str, Any]], account: str) -> Callable[[Item], tuple[str, ...]]:
    """What an item is grouped under: at most two keys; a tag's is `name$value`, `name$` where it has none."""
    if len(given) > 2:
        raise QueryInvalid("GroupBy takes two groups at most")
    readers: list[Callable[[Item], str]] = []
    for each in given:
        kind, key = each.get("Type"), str(each.get("Key"))
        if kind == "DIMENSION":
            readers.append(_reader(_dimension(key), account))
        elif kind == "TAG":
            readers.append(_tag_reader(key))
        else:
            raise QueryInvalid(f"The sandbox groups by DIMENSION and TAG, not {kind}")
    return lambda item: tuple(read(item) for read in readers)


def _reader(read: Callable[[Item, str], str], account: str) -> Callable[[Item], str]:
    return lambda item: read(item, account)


def _tag_reader(key: str) -> Callable[[Item], str]:
    return lambda item: f"{key}${dict(item.tags).get(key, '')}"


# -- what is answered --------------------------------------------------------------------------------------------


def results_by_time(
    entries: Iterable[Entry],
    parts: Iterable[Period],
    metrics: Sequence[str],
    group: Callable[[Item], tuple[str, ...]] | None,
    today: date,
) -> list[dict[str, Any]]:
    """ResultsByTime. Without `group`, Total holds the sums; with it, Groups do and Total is empty."""
    for metric in metrics:
        if metric not in METRICS:
            raise QueryInvalid(f"Metrics must be of {', '.join(METRICS)}, not {metric}")
    held = list(entries)
    return [_result(part, held, metrics, group, today) for part in parts]


def _result(
    part: Period,
    held: Sequence[Entry],
    metrics: Sequence[str],
    group: Callable[[Item], tuple[str, ...]] | None,
    today: date,
) -> dict[str, Any]:
    inside = [entry for entry in held if part.start <= entry.day < part.end]
    # The running month's figures are estimates until its bill is made.
    result: dict[str, Any] = {"TimePeriod": part.shape, "Estimated": part.end > today.replace(day=1)}
    if group is None:
        return result | {"Total": sums(inside, metrics), "Groups": []}
    grouped: dict[tuple[str, ...], list[Entry]] = {}
    for entry in inside:
        grouped.setdefault(group(entry.item), []).append(entry)
    groups = [{"Keys": list(keys), "Metrics": sums(found, metrics)} for keys, found in sorted(grouped.items())]
    return result | {"Total": {}, "Groups": groups}


def sums(entries: Sequence[Entry], metrics: Sequence[str]) -> dict[str, dict[str, str]]:
    units = {entry.item.unit for entry in entries}
    unit = next(iter(units)) if len(units) == 1 else "N/A"
    cost = sum((entry.cost for entry in entries), Decimal(0))
    quantity = sum((entry.quantity for entry in entries), Decimal(0))
    return {
        metric: {"Amount": amount(cost), "Unit": "USD"}
        if metric in COSTS
        else {"Amount": amount(quantity), "Unit": unit}
        for metric in metrics
    }


def amount(value: Decimal) -> str:
    """Ten decimals, as Cost Explorer answers them; nothing is `0`."""
    return f"{value:.10f}" if value else "0"


def page(results: Sequence[dict[str, Any]], offset: int, most: int) -> tuple[list[dict[str, Any]], int | None]:
    """The results from the `offset`-th on with at most `most` groups or totals, and where the next page begins.

    A period whose groups do not fit goes on in the next page, as in Cost Explorer.
    """
    rows = [(at, group) for at, result in enumerate(results) for group in (result["Groups"] or [None])]
    shown = rows[offset : offset + most]
    found: dict[int, dict[str, Any]] = {}
    for at, group in shown:
        result = found.setdefault(at, {**results[at], "Groups": []})
        if group is not None:
            result["Groups"].append(group)
    following = offset + most
    return list(found.values()), following if following < len(rows) else None


def values_of(entries: Iterable[Entry], dimension: str, account: str, search: str | None) -> list[str]:
    """GetDimensionValues: the values that occur, in order."""
    read = _dimension(dimension)
    found = {read(entry.item, account) for entry in entries}
    return sorted(value for value in found if (search or "").lower() in value.lower())


def tags_in(entries: Iterable[Entry], key: str | None, search: str | None) -> list[str]:
    """GetTags: the keys that occur, or the values of one of them."""
    pairs = {pair for entry in entries for pair in entry.item.tags}
    found = {value for name, value in pairs if name == key} if key else {name for name, _ in pairs}
    return sorted(value for value in found if (search or "").lower() in value.lower())
