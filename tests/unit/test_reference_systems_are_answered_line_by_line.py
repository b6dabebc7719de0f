"""docs/reference-systems.md says of every line of the five documents how it is met, and what it says is true."""

import re
from collections.abc import Iterator, Mapping
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
    load_blueprint,
)
from environments_app.schema.gaps import ALL as GAPS

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
BLUEPRINTS = {name: load_blueprint(ROOT / f"blueprints/{name}.yaml") for name in DOCUMENTS}


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
    at: Any = canonical(environment.config) | {"protection": environment.protection.model_dump(mode="json")}
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


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_row_says_how(row: Row) -> None:
    assert row.status in STATUSES
    if row.status == "met":
        assert row.settings or row.code, "what meets it?"
        assert row.tests, "what shows it?"
    if row.status in ("partly", "deviation", "not met"):
        assert row.remark, "why?"


@pytest.mark.parametrize("row", [row for row in ROWS if row.settings], ids=str)
def test_its_settings_are_those_of_the_blueprint(row: Row) -> None:
    for setting in row.settings:
        assert _exists(setting.path), setting.path
        for environment in _environments(row, setting) if setting.has_value else ():
            there = _value(environment, setting.path)
            assert _agrees(setting.value, there), f"{environment.name}/{setting.path} is {there!r}"


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_is_called_met_is_made(row: Row) -> None:
    gaps = {gap for setting in row.settings if (gap := _gap_of(row, setting))}

    if row.status == "met":
        assert not gaps, "said to be met, and the stack does not make it"
    if row.status == "to come: environments" and row.settings:
        assert gaps, "said to come, and nothing is missing any more: call it met"


@pytest.mark.parametrize("row", [row for row in ROWS if row.code or row.tests], ids=str)
def test_its_code_and_tests_exist(row: Row) -> None:
    for name in row.code:
        assert (MODULES / name).is_dir() or (ROOT / name).exists(), name
    for name in row.tests:
        found = [*(ROOT / "tests").rglob(f"{name}.py"), *MODULES.glob(f"*/tests/{name}.hcl")]
        assert found, f"no test {name}"


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
