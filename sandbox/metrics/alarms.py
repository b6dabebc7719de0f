"""What state a metric alarm is in: the decision, and the words for it. Pure.

After CloudWatch's user guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data", whose
tables are the tests. More datapoints are looked at than are evaluated (the evaluation range), so that real ones
count before missing ones are filled in.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
STATES = (OK, ALARM, INSUFFICIENT_DATA)
EXTRA_PERIODS = 2  # of the evaluation range beyond EvaluationPeriods, as in the user guide's examples

COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
TREATMENTS = ("missing", "notBreaching", "breaching", "ignore")


@dataclass(frozen=True)
class Criteria:
    """When it rings: at least `datapoints_to_alarm` of the last `evaluation_periods` datapoints compare so."""

    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing: str = "missing"

    @property
    def range(self) -> int:
        """How many of the newest periods are looked at."""
        return self.evaluation_periods + EXTRA_PERIODS

    def breached_by(self, value: float) -> bool:
        return COMPARISONS[self.comparison][0](value, self.threshold)


@dataclass(frozen=True)
class Datapoint:
    """`at` is what the reader sees: the real time of the period's start."""

    at: datetime
    value: float


@dataclass(frozen=True)
class Verdict:
    """`evaluated`: the real datapoints that counted, newest first. `filled`: how many missing ones had to count."""

    state: str
    evaluated: tuple[Datapoint, ...]
    filled: int


def judge(datapoints: Sequence[Datapoint | None], criteria: Criteria, current: str) -> Verdict:
    """The state by the datapoints of the evaluation range, oldest first, None where one is missing."""
    real = [each for each in datapoints if each is not None]
    evaluated = tuple(reversed(real[-criteria.evaluation_periods :]))
    filled = max(criteria.evaluation_periods - len(real), 0)
    breaching = sum(criteria.breached_by(each.value) for each in evaluated)
    if criteria.treat_missing == "breaching":
        breaching += filled
    if breaching >= criteria.datapoints_to_alarm:
        return Verdict(ALARM, evaluated, filled)
    undecided = (
        filled > 0
        and criteria.treat_missing in ("missing", "ignore")
        and all(criteria.breached_by(each.value) for each in real)
    )
    if not undecided:
        return Verdict(OK, evaluated, filled)
    if criteria.treat_missing == "ignore":
        return Verdict(current, evaluated, filled)
    age = next((len(datapoints) - index for index, each in enumerate(datapoints) if each is not None), 0)
    # Whatever came after a breach that is old enough was a breach too, or missing: "premature" alarms of the guide.
    return Verdict(ALARM if age >= criteria.datapoints_to_alarm else INSUFFICIENT_DATA, evaluated, filled)


def reason(verdict: Verdict, criteria: Criteria, before: str) -> str:
    """StateReason in CloudWatch's words."""
    count = len(verdict.evaluated)
    if verdict.state == INSUFFICIENT_DATA:
        missing = verdict.filled
        return f"Insufficient Data: {_many(missing, 'datapoint')} {'was' if missing == 1 else 'were'} unknown."
    treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(criteria.treat_missing, "Missing")
    was = "was" if verdict.filled == 1 else "were"
    filled = f"{_many(verdict.filled, 'missing datapoint')} {was} treated as [{treated}]"
    if not verdict.evaluated:
        return f"Threshold Crossed: no datapoints were received for {_many(verdict.filled, 'period')} and {filled}."
    shown = ", ".join(f"{each.value!r} ({each.at:%d/%m/%y %H:%M:%S})" for each in verdict.evaluated)
    crossed = sum(criteria.breached_by(each.value) for each in verdict.evaluated)
    words = f"{'' if verdict.state == ALARM else 'not '}{COMPARISONS[criteria.comparison][1]}"
    told = crossed if verdict.state == ALARM and crossed else count - crossed or count
    amount = (
        _many(count, "datapoint")
        if criteria.evaluation_periods == 1
        else f"{told} out of the last {_many(count, 'datapoint')}"
    )
    least = criteria.datapoints_to_alarm
    if verdict.state == OK:
        least = criteria.evaluation_periods - least + 1
    text = (
        f"Threshold Crossed: {amount} [{shown}] {'was' if told == 1 else 'were'} {words} the threshold "
        f"({criteria.threshold!r})"
    )
    if criteria.evaluation_periods > 1 and before != verdict.state:
        text += f" (minimum {_many(least, 'datapoint')} for {before} -> {verdict.state} transition)"
    return f"{text} and {filled}." if verdict.filled and treated != "Missing" else f"{text}."


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
