"""What a measurement is, and how it is shown. Pure."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

WIDTHS = (44, 14, 24, 14)


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
        rows.append(
            _row(
                figure.name,
                f"{figure.value:,.4g} {figure.unit}" if figure.value < 1000 else f"{figure.value:,.0f} {figure.unit}",
                f"{figure.floor:,.4g}, {figure.floor_is}"
                if figure.floor < 1000
                else f"{figure.floor:,.0f}, {figure.floor_is}",
                figure.verdict,
            )
        )
        rows += [f"    {name}: {value}" for name, value in figure.detail.items()]
    return "\n".join(rows)


def _row(*cells: str) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def tell(words: str) -> None:
    """Progress for the person who waits, beside the results."""
    print(words, file=sys.stderr, flush=True)
