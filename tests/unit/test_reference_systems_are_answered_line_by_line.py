"""docs/reference-systems.md says of every line of the five documents how it is met, and what it says is true."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from environments_app.schema import (
    BlueprintEnvironment,
    EnvironmentConfig,
    Protection,
    canonical,
)
from environments_app.schema.gaps import ALL as GAPS
from tests.reference_systems import BLUEPRINTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference-systems.md"
MODULES = ROOT / "infrastructure/terraform/modules"
DOCUMENTS = ["programador-musical", "cloudweave", "verificadores", "tvmaze-ingestion", "dougust"]

COMES_WITH = {"releases", "monitoring", "cost", "environments"}
STATUSES = {"met", "partly", "deviation", "not met", "application", "prose"} | {f"to come: {s}" for s in COMES_WITH}


@dataclass(frozen=True)
class Setting:
    """`environment/path: value`; without an environment it holds in all, without a value it need only exist."""

    environment: str | None
    path: str
    has_value: bool
    value: Any


@dataclass(frozen=True)
class Row:
    document: str
    lines: frozenset[int]
    requirement: str
    status: str
    settings: tuple[Setting, ...]
    code: tuple[str, ...]
    tests: tuple[str, ...]
    remark: str

    def __str__(self) -> str:
        return f"{self.document}:{min(self.lines)} {self.requirement}"


def _lines(cell: str) -> frozenset[int]:
    found: set[int] = set()
    for part in cell.split(", "):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _setting(text: str) -> Setting:
    place, colon, value = text.partition(": ")
    environment, slash, path = place.partition("/")
    return Setting(
        environment if slash else None,
        path if slash else place,
        bool(colon),
        yaml.safe_load(value) if colon else None,
    )


def _rows() -> Iterator[Row]:
    document = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            document = line.removeprefix("## ").removesuffix(".md")
        elif line.startswith("| ") and re.match(r"\| \d", line):
            lines, requirement, status, settings, code, tests, remark = (c.strip() for c in line.split("|")[1:-1])
            yield Row(
                document,
                _lines(lines),
                requirement,
                status,
                tuple(map(_setting, re.findall("`([^`]+)`", settings))),
                tuple(re.findall("`([^`]+)`", code)),
                tuple(re.findall("`([^`]+)`", tests)),
                remark,
            )


ROWS = list(_rows())
TESTS = {path.stem for path in [*(ROOT / "tests").rglob("test_*.py"), *MODULES.glob("*/tests/*.tftest.hcl")]}
CONTENTS = {
    id(each): canonical(each.config) | {"protection": each.protection.model_dump(mode="json")}
    for blueprint in BLUEPRINTS.values()
    for each in blueprint.environments
}
"""What an environment's configuration says, by the environment."""


def _environments(row: Row, setting: Setting) -> list[BlueprintEnvironment]:
    found = [e for e in BLUEPRINTS[row.document].environments if setting.environment in (None, e.name)]
    assert found, f"{row}: no environment {setting.environment}"
    return found


def _inside(annotation: Any, part: str) -> list[Any]:
    """What stands at a part of a path below a type: a section's field, a map's value, a list's entry."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(part)
        return [field.annotation] if field else []
    if get_origin(annotation) is dict:
        return [get_args(annotation)[1]]
    if get_origin(annotation) is tuple and (part == "*" or part.isdigit()):
        return [get_args(annotation)[0]]
    return [found for inner in get_args(annotation) for found in _inside(inner, part)]


def _exists(path: str) -> bool:
    first, _, rest = path.partition(".")
    at: list[Any] = [Protection] if first == "protection" else [EnvironmentConfig]
    for part in (rest if first == "protection" else path).split("."):
        at = [found for annotation in at for found in _inside(annotation, part)]
    return bool(at)


def _value(environment: BlueprintEnvironment, path: str) -> Any:
    at: Any = CONTENTS[id(environment)]
    for part in path.split("."):
        at = at[int(part)] if isinstance(at, list) else at[part]
    return at


def _agrees(said: Any, there: Any) -> bool:
    """Whether a value is the one that is there; a mapping is held against the entries that it names."""
    if isinstance(said, Mapping):
        return isinstance(there, Mapping) and all(k in there and _agrees(v, there[k]) for k, v in said.items())
    return bool(said == there)


def _gap_of(row: Row, setting: Setting) -> str | None:
    """The gap that a setting falls into: what is asked for and not made, in the environments that it is about."""
    parts = setting.path.split(".")
    for gap in GAPS:
        covers = gap.path.split(".")
        same = len(covers) <= len(parts) and all(a in ("*", b) for a, b in zip(covers, parts, strict=False))
        asked = not setting.has_value or any(gap.asked(e.config) for e in _environments(row, setting))
        if same and asked:
            return gap.path
    return None


def _says_how(row: Row) -> Iterator[str]:
    if row.status not in STATUSES:
        yield f"{row.status!r} is no status"
    if row.status == "met" and not (row.settings or row.code):
        yield "what meets it?"
    if row.status == "met" and not row.tests:
        yield "what shows it?"
    if row.status in ("partly", "deviation", "not met") and not row.remark:
        yield "why?"


def _has_the_blueprints_settings(row: Row) -> Iterator[str]:
    for setting in row.settings:
        if not _exists(setting.path):
            yield f"there is no setting {setting.path}"
            continue
        for environment in _environments(row, setting) if setting.has_value else ():
            there = _value(environment, setting.path)
            if not _agrees(setting.value, there):
                yield f"{environment.name}/{setting.path} is {there!r}"


def _is_made(row: Row) -> Iterator[str]:
    gaps = {gap for setting in row.settings if (gap := _gap_of(row, setting))}
    if row.status == "met" and gaps:
        yield f"said to be met, and not made: {gaps}"
    if row.status == "to come: environments" and row.settings and not gaps:
        yield "said to come, and nothing is missing any more: call it met"


def _names_what_exists(row: Row) -> Iterator[str]:
    for name in row.code:
        if not (MODULES / name).is_dir() and not (ROOT / name).exists():
            yield f"there is no {name}"
    for name in row.tests:
        if name not in TESTS:
            yield f"there is no test {name}"


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("rule", [_says_how, _has_the_blueprints_settings, _is_made, _names_what_exists])
def test_what_a_row_says_is_true(document: str, rule: Callable[[Row], Iterator[str]]) -> None:
    wrong = [f"{row}: {words}" for row in ROWS if row.document == document for words in rule(row)]
    assert wrong == []


def _asked_for(text: str) -> set[int]:
    """Numbers of the lines that say something: neither empty, nor a heading, a fence or a rule."""
    told: set[int] = set()
    in_code = False
    for number, line in enumerate(text.splitlines(), start=1):
        is_fence = line.lstrip().startswith("```")
        in_code ^= is_fence
        is_heading = not in_code and line.startswith("#")
        if line.strip() and not is_fence and not is_heading and line.strip() != "---":
            told.add(number)
    return told


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_line_of_a_document_is_answered(shared: Path, document: str) -> None:
    told = _asked_for((shared / f"reference-systems/{document}.md").read_text(encoding="utf-8"))
    answered: set[int] = set().union(*(row.lines for row in ROWS if row.document == document))

    assert sorted(told - answered) == []
    assert sorted(number for number in answered if number > max(told)) == []


def test_every_document_has_its_rows() -> None:
    assert {row.document for row in ROWS} == set(DOCUMENTS)
    assert len(ROWS) > 300
