"""Recorded outputs as people read them: a value, or what is in it by name. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from environments_app.terraform.plan import SENSITIVE

FEW = 6
"""How many parts of a value stand open; more are folded."""


@dataclass(frozen=True)
class Output:
    """One output. text: of a single value; parts: (where in it, value) of what has parts, in its own order.

    copied: the whole value for the clipboard, as JSON where it has parts; "" where there is nothing to give away.
    """

    name: str
    text: str = ""
    parts: Sequence[tuple[str, str]] = ()
    copied: str = ""
    is_hidden: bool = False

    @property
    def is_folded(self) -> bool:
        return len(self.parts) > FEW


def read_outputs(outputs: Mapping[str, Any]) -> list[Output]:
    """By name. What Terraform marks as sensitive was masked before it was stored, and is said to be so."""
    return [_output(name, value) for name, value in sorted(outputs.items())]


def _output(name: str, value: Any) -> Output:
    if value == SENSITIVE:
        return Output(name, is_hidden=True)
    if isinstance(value, dict | list) and value:
        # By name: PostgreSQL does not keep the order in which names were written.
        copied = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
        return Output(name, parts=tuple(_parts(value)), copied=copied)
    return Output(name, text=_text(value), copied="" if value in (None, "", [], {}) else _text(value))


def _parts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value in it, by the names that lead there; places in a list count from 1."""
    if isinstance(value, dict) and value:
        for name, inner in sorted(value.items()):
            yield from _parts(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value, 1):
            yield from _parts(inner, f"{path} {number}".strip())
    else:
        yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "none" if value in (None, "", [], {}) else str(value)
