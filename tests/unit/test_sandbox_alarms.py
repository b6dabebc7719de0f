"""An alarm's state by its datapoints: the tables of CloudWatch's user guide, and what holds for any datapoints."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.metrics.alarms import COMPARISONS, STATES, TREATMENTS, Criteria, Datapoint, judge, reason
from sandbox.metrics.rules import RuleInvalid, alarms_in, holds, parse_rule

START = datetime(2026, 11, 20, 16, tzinfo=UTC)
THRESHOLD = 5.0
BREACHING, WITHIN = 9.0, 1.0
THREE_OF_THREE = Criteria("GreaterThanThreshold", THRESHOLD, 3, 3)
TWO_OF_THREE = Criteria("GreaterThanThreshold", THRESHOLD, 3, 2)
RETAIN = "retain"


def datapoints(drawn: str) -> list[Datapoint | None]:
    """`0 - X`: within the threshold, missing, breaching; oldest first."""
    values = {"0": WITHIN, "X": BREACHING}
    return [
        Datapoint(START + timedelta(minutes=minute), values[sign]) if sign in values else None
        for minute, sign in enumerate(drawn.split())
    ]


def states(drawn: str, criteria: Criteria, current: str) -> tuple[str, ...]:
    """With missing data treated as missing, ignore, breaching and notBreaching, as the tables' columns are."""
    return tuple(
        judge(datapoints(drawn), replace(criteria, treat_missing=treatment), current).state
        for treatment in ("missing", "ignore", "breaching", "notBreaching")
    )


@pytest.mark.parametrize("current", STATES)
@pytest.mark.parametrize(
    ("criteria", "drawn", "expected"),
    [
        (THREE_OF_THREE, "0 - X - X", ("OK", "OK", "OK", "OK")),
        (THREE_OF_THREE, "0 - - - -", ("OK", "OK", "OK", "OK")),
        (THREE_OF_THREE, "- - - - 0", ("OK", "OK", "OK", "OK")),
        (THREE_OF_THREE, "- - - - -", ("INSUFFICIENT_DATA", RETAIN, "ALARM", "OK")),
        (THREE_OF_THREE, "0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (THREE_OF_THREE, "- - - - X", ("INSUFFICIENT_DATA", RETAIN, "ALARM", "OK")),
        (THREE_OF_THREE, "- - X - -", ("ALARM", RETAIN, "ALARM", "OK")),
        (THREE_OF_THREE, "X - - - -", ("ALARM", RETAIN, "ALARM", "OK")),
        (TWO_OF_THREE, "0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (TWO_OF_THREE, "0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (TWO_OF_THREE, "0 - X - -", ("OK", "OK", "ALARM", "OK")),
        (TWO_OF_THREE, "- - - - 0", ("OK", "OK", "ALARM", "OK")),
        (TWO_OF_THREE, "- - - - X", ("INSUFFICIENT_DATA", RETAIN, "ALARM", "OK")),
        (TWO_OF_THREE, "- - - X -", ("ALARM", RETAIN, "ALARM", "OK")),
    ],
)
def test_missing_data_is_treated_as_in_the_user_guide(
    criteria: Criteria, drawn: str, expected: tuple[str, ...], current: str
) -> None:
    assert states(drawn, criteria, current) == tuple(current if each == RETAIN else each for each in expected)


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", (False, False, True)),
        ("GreaterThanOrEqualToThreshold", (False, True, True)),
        ("LessThanThreshold", (True, False, False)),
        ("LessThanOrEqualToThreshold", (True, True, False)),
    ],
)
def test_every_comparison_breaches_on_its_side(comparison: str, breaching: tuple[bool, ...]) -> None:
    criteria = Criteria(comparison, THRESHOLD, 1, 1)
    assert tuple(criteria.breached_by(value) for value in (4.0, 5.0, 6.0)) == breaching


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Datapoint | None], Criteria]:
    periods = draw(st.integers(1, 6))
    criteria = Criteria(
        draw(st.sampled_from(sorted(COMPARISONS))),
        THRESHOLD,
        periods,
        draw(st.integers(1, periods)),
        draw(st.sampled_from(TREATMENTS)),
    )
    values = draw(st.lists(st.none() | st.floats(0, 10), min_size=criteria.range, max_size=criteria.range))
    return [
        None if value is None else Datapoint(START + timedelta(minutes=minute), value)
        for minute, value in enumerate(values)
    ], criteria


@given(situations(), st.sampled_from(STATES))
def test_enough_real_datapoints_decide_alone(situation: tuple[list[Datapoint | None], Criteria], current: str) -> None:
    points, criteria = situation
    real = [each for each in points if each is not None]
    verdict = judge(points, criteria, current)
    breaches = sum(criteria.breached_by(each.value) for each in real[-criteria.evaluation_periods :])
    if breaches >= criteria.datapoints_to_alarm:
        assert verdict.state == "ALARM"
    elif len(real) >= criteria.evaluation_periods:
        assert verdict.state == "OK"
    assert len(verdict.evaluated) + verdict.filled == criteria.evaluation_periods


@given(situations(), st.sampled_from(STATES))
def test_a_treatment_only_ever_says_what_it_may(
    situation: tuple[list[Datapoint | None], Criteria], current: str
) -> None:
    points, criteria = situation
    state = judge(points, criteria, current).state
    assert state in STATES
    if criteria.treat_missing in ("breaching", "notBreaching"):
        assert state != "INSUFFICIENT_DATA"
        assert state == judge(points, criteria, "OK").state  # the past does not matter
    if criteria.treat_missing == "breaching":
        assert not (
            state == "OK" and judge(points, replace(criteria, treat_missing="missing"), current).state == "ALARM"
        )
    if criteria.treat_missing == "ignore" and not any(points):
        assert state == current


@given(situations(), st.sampled_from(STATES))
def test_every_verdict_has_words(situation: tuple[list[Datapoint | None], Criteria], current: str) -> None:
    points, criteria = situation
    verdict = judge(points, criteria, current)
    words = reason(verdict, criteria, current)
    assert words.startswith("Insufficient Data: " if verdict.state == "INSUFFICIENT_DATA" else "Threshold Crossed: ")
    assert words.endswith(".")


@pytest.mark.parametrize(
    ("drawn", "criteria", "words"),
    [
        (
            "0 0 X",
            Criteria("GreaterThanThreshold", 5.0, 1, 1),
            "Threshold Crossed: 1 datapoint [9.0 (20/11/26 16:02:00)] was greater than the threshold (5.0).",
        ),
        (
            "X X 0",
            Criteria("GreaterThanThreshold", 5.0, 1, 1),
            "Threshold Crossed: 1 datapoint [1.0 (20/11/26 16:02:00)] was not greater than the threshold (5.0).",
        ),
        (
            "0 0 X 0 X",
            TWO_OF_THREE,
            "Threshold Crossed: 2 out of the last 3 datapoints [9.0 (20/11/26 16:04:00), 1.0 (20/11/26 16:03:00), "
            "9.0 (20/11/26 16:02:00)] were greater than the threshold (5.0) (minimum 2 datapoints for "
            "INSUFFICIENT_DATA -> ALARM transition).",
        ),
        (
            "- - -",
            Criteria("LessThanThreshold", 5.0, 1, 1, "breaching"),
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
            "[Breaching].",
        ),
    ],
)
def test_the_reason_is_in_cloudwatchs_words(drawn: str, criteria: Criteria, words: str) -> None:
    before = "OK" if criteria.evaluation_periods == 1 else "INSUFFICIENT_DATA"
    assert reason(judge(datapoints(drawn), criteria, before), criteria, before) == words


def test_no_data_at_all_is_said_so() -> None:
    criteria = Criteria("GreaterThanThreshold", 5.0, 2, 2)
    words = reason(judge(datapoints("- - - -"), criteria, "OK"), criteria, "OK")
    assert words == "Insufficient Data: 2 datapoints were unknown."


# -- AlarmRule ---------------------------------------------------------------------------------------------------

KNOWN = {"a": "ALARM", "b": "OK", "c d": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(a)", True),
        ("ALARM(b)", False),
        ('INSUFFICIENT_DATA("c d")', True),
        ("alarm('a') and ok(b)", True),
        ("ALARM(b) OR ALARM(a) AND NOT OK(b)", False),
        ("(ALARM(b) OR ALARM(a)) AND OK(b)", True),
        ("NOT (ALARM(a) AND OK(b))", False),
        ("TRUE AND NOT FALSE", True),
        ("OK(gone) OR ALARM(gone)", False),
        ("NOT OK(gone)", True),
    ],
)
def test_a_rule_holds_by_the_states_of_its_alarms(rule: str, expected: bool) -> None:
    assert holds(parse_rule(rule), KNOWN.get) is expected


@pytest.mark.parametrize("rule", ["", "ALARM(a", "ALARM a", "ALARM(a) OK(b)", "AND", "NOT", "(TRUE", "TRUE)", "a OR b"])
def test_what_is_no_rule_is_refused_with_a_reason(rule: str) -> None:
    with pytest.raises(RuleInvalid, match="AlarmRule"):
        parse_rule(rule)


RULES = st.recursive(
    st.sampled_from(["TRUE", "FALSE"]) | st.builds("{}({})".format, st.sampled_from(STATES), st.sampled_from("ab")),
    lambda inner: (
        st.builds("({} AND {})".format, inner, inner)
        | st.builds("({} OR {})".format, inner, inner)
        | st.builds("NOT {}".format, inner)
    ),
    max_leaves=8,
)


@given(RULES, st.dictionaries(st.sampled_from("ab"), st.sampled_from(STATES)))
def test_not_turns_any_rule_around_and_names_stay_known(rule: str, known: dict[str, str]) -> None:
    parsed = parse_rule(rule)
    assert holds(parse_rule(f"NOT ({rule})"), known.get) is not holds(parsed, known.get)
    assert set(alarms_in(parsed)) <= {"a", "b"}
