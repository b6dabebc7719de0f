"""What a measurement is, and how it is shown. Pure."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

WIDTHS = (40, 14, 38, 14)


@dataclass(frozen=True)
class Figure:
    """One measured value beside its floor: the same work without Slipway, on the same machine in the same minute."""

    name: str
    value: float
    unit: str
    floor: float
    floor_is: str
    at_most: float | None = None
    """The goal, in `unit`, where there is one."""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        if self.at_most is None:
            return ""
        return f"{'meets' if self.value <= self.at_most else 'MISSES'} <= {self.at_most:g}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def hand_over(figures: Iterable[Figure]) -> None:
    """Called by a measurement's own process: its last line of output is its result."""
    print(json.dumps([asdict(figure) for figure in figures]), flush=True)


def taken_over(output: str) -> list[Figure]:
    """What `hand_over` printed."""
    return [Figure(**figure) for figure in json.loads(output.strip().rpartition("\n")[2])]


def table(figures: Iterable[Figure]) -> str:
    """The figures as a person reads them; details below their figure."""
    rows = [_row("measurement", "measured", "beside it", "goal"), "-" * sum(WIDTHS)]
    for figure in figures:
        beside = f"{_amount(figure.floor, figure.unit)}, {figure.floor_is}"
        rows.append(_row(figure.name, _amount(figure.value, figure.unit), beside, figure.verdict))
        rows += [f"    {name}: {value}" for name, value in figure.detail.items()]
    return "\n".join(rows)


def _amount(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.4g} {unit}"


def _row(*cells: str) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def tell(words: str) -> None:
    """Progress for the person who waits, beside the results."""
    print(words, file=sys.stderr, flush=True)
