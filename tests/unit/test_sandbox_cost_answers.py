"""Cost Explorer's answers from an account book, decided without a sandbox."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandbox.money.answers import Period, filter_of, group_of, page, periods, results_by_time
from sandbox.money.ledger import Entry, Ledger
from sandbox.money.usage import Item, Rate

ACCOUNT, TODAY = "123456789012", date(2026, 3, 12)
METRICS = ["UnblendedCost", "UsageQuantity"]
DAYS = st.integers(0, 120).map(lambda ago: TODAY - timedelta(days=ago))
ITEMS = st.builds(
    Item,
    service=st.sampled_from(["ECS", "RDS", "S3"]),
    usage_type=st.sampled_from(["a", "b"]),
    unit=st.just("Hrs"),
    region=st.sampled_from(["us-east-1", "eu-west-1"]),
    tags=st.sampled_from([(), (("team", "shop"),), (("stage", "prod"), ("team", "data"))]),
)
AMOUNTS = st.integers(0, 10**6).map(lambda number: Decimal(number) / 1_000)
ENTRIES = st.lists(st.builds(Entry, DAYS, ITEMS, AMOUNTS, AMOUNTS), max_size=25)
WHOLES = st.tuples(DAYS, st.integers(1, 100)).map(lambda pair: Period(pair[0], pair[0] + timedelta(days=pair[1])))
GRANULARITIES = st.sampled_from(["DAILY", "MONTHLY"])
BY_TEAM = [{"Type": "TAG", "Key": "team"}, {"Type": "DIMENSION", "Key": "SERVICE"}]


def cost(metrics: dict[str, Any]) -> Decimal:
    return Decimal(metrics["UnblendedCost"]["Amount"])


@given(WHOLES, GRANULARITIES)
def test_the_parts_of_a_period_follow_each_other_without_a_gap(whole: Period, granularity: str) -> None:
    parts = list(periods(whole, granularity))
    assert parts[0].start == whole.start
    assert parts[-1].end == whole.end
    assert all(before.end == after.start for before, after in pairwise(parts))
    if granularity == "MONTHLY":
        assert all(part.start.day == 1 for part in parts[1:])


@given(ENTRIES, WHOLES, GRANULARITIES)
def test_groups_add_up_to_the_total_and_the_total_to_what_was_charged(
    entries: list[Entry], whole: Period, granularity: str
) -> None:
    parts = list(periods(whole, granularity))
    totals = results_by_time(entries, parts, METRICS, None, TODAY)
    groups = results_by_time(entries, parts, METRICS, group_of(BY_TEAM, ACCOUNT), TODAY)
    for total, grouped in zip(totals, groups, strict=True):
        assert sum(cost(each["Metrics"]) for each in grouped["Groups"]) == cost(total["Total"])
    charged = sum(entry.cost for entry in entries if whole.start <= entry.day < whole.end)
    assert sum(cost(total["Total"]) for total in totals) == charged


@given(ENTRIES, WHOLES, st.integers(1, 7))
def test_pages_together_are_the_whole_answer(entries: list[Entry], whole: Period, most: int) -> None:
    results = results_by_time(entries, periods(whole, "DAILY"), METRICS, group_of(BY_TEAM, ACCOUNT), TODAY)
    found: dict[str, list[Any]] = {}
    offset: int | None = 0
    while offset is not None:
        shown, offset = page(results, offset, most)
        assert sum(len(each["Groups"]) or 1 for each in shown) <= most
        for each in shown:
            found.setdefault(each["TimePeriod"]["Start"], []).extend(each["Groups"])
    assert found == {each["TimePeriod"]["Start"]: each["Groups"] for each in results}


@given(ENTRIES)
def test_a_filter_and_its_opposite_part_everything(entries: list[Entry]) -> None:
    shop = {"Tags": {"Key": "team", "Values": ["shop"]}}
    keep, drop = filter_of(shop, ACCOUNT), filter_of({"Not": shop}, ACCOUNT)
    both = filter_of({"And": [shop, {"Not": shop}]}, ACCOUNT)
    either = filter_of({"Or": [shop, {"Not": shop}]}, ACCOUNT)
    for entry in entries:
        assert keep(entry.item) != drop(entry.item)
        assert either(entry.item)
        assert not both(entry.item)


def test_a_rate_is_charged_for_as_long_as_it_goes_on() -> None:
    ledger, item = Ledger(), Item("ECS", "hours", "Hrs", "us-east-1")
    for hours in ("1.5", "0.5"):
        ledger.note(TODAY, [Rate(item, Decimal(2), Decimal("0.25"))], Decimal(hours))
    assert list(ledger.between(TODAY, TODAY + timedelta(days=1))) == [Entry(TODAY, item, Decimal(4), Decimal("0.5"))]
