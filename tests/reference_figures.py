"""The figures of the five documents (reference_figures.txt), and whether variables and resources have them."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TABLE = Path(__file__).with_suffix(".txt")


@dataclass(frozen=True)
class Setting:
    """`[environment/]place = value`: a path in the variables, or resources with a path in their attributes."""

    environment: str | None
    place: str
    value: Any

    def holds_in(self, environment: str) -> bool:
        return self.environment in (None, environment)


@dataclass(frozen=True)
class Figure:
    """Words of a document with figures, and where these are; with a `reason`, they are no settings."""

    document: str
    lines: range
    words: str
    reason: str
    told: tuple[Setting, ...]
    made: tuple[Setting, ...]

    def __str__(self) -> str:
        return f"{self.document}:{self.lines.start} {self.words}"


def _settings(cell: str) -> tuple[Setting, ...]:
    found = []
    for part in filter(None, (part.strip() for part in cell.split(";"))):
        place, _, value = part.partition(" = ")
        head, slash, rest = place.partition("/")
        is_named = bool(slash) and "." not in head
        found.append(Setting(head if is_named else None, rest if is_named else place, yaml.safe_load(value)))
    return tuple(found)


def _figures() -> Iterator[Figure]:
    document = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            document = line.removeprefix("## ")
        elif document and line:
            numbers, words, *cells = (cell.strip() for cell in line.split("|"))
            first, _, last = numbers.partition("-")
            reason = words.removeprefix("- ") if words.startswith("- ") else ""
            told, made = map(_settings, cells) if cells else ((), ())
            yield Figure(document, range(int(first), int(last or first) + 1), words, reason, told, made)


FIGURES = tuple(_figures())


def at(found: Any, path: Iterable[str]) -> Any:
    """What lies at a path: through mappings, lists, JSON in a text, and `?NAME`, the entry of a list with that name."""
    for part in path:
        if isinstance(found, str):
            found = json.loads(found)
        if part.startswith("?"):
            [found] = [each for each in found if each["name"] == part[1:]]
        else:
            found = found[int(part)] if isinstance(found, list) else found[part]
    return found


def _same(asked: Any, found: Any) -> bool:
    """The provider keeps some numbers as texts."""
    return asked == found or str(asked) == str(found)


_PLACE = re.compile(r"(?P<type>\w+)\.(?P<name>\w+)(@(?P<key>[\w-]+))?\.(?P<path>.+)")


def not_made(system: str, environment: str, resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What resources (attributes by address; outputs as `output.NAME`) have otherwise than the document says.

    `@KEY` stands for those with the key in their address; `.#` is how many there are. A list is held against all of
    them in the order of their addresses, any other value against each.
    """
    wrong = []
    for figure in FIGURES:
        for setting in figure.made if figure.document == system else ():
            if not setting.holds_in(environment):
                continue
            place = _PLACE.fullmatch(setting.place)
            assert place, f"{figure}: {setting.place}"
            found = [resources[address] for address in sorted(resources) if _is_meant(address, place)]
            if place["path"] == "#":
                fits, there = len(found) == setting.value, [len(found)]
            else:
                there = [at(each, _segments(place["path"])) for each in found]
                whole = isinstance(setting.value, list)
                fits = there == setting.value if whole else all(_same(setting.value, each) for each in there)
            if not found or not fits:
                wrong.append(f"{figure}: {setting.place} is {there}")
    return wrong


def _is_meant(address: str, place: re.Match[str]) -> bool:
    """module.storage.module.bucket["assets"].aws_s3_bucket.this: its type, its name, and one of its keys or modules."""
    plain = re.sub(r"\[[^]]*\]", "", address)
    keys = {*re.findall(r'"([^"]+)"', address), *plain.split(".")}
    is_kind = plain.split(".")[-2:] == [place["type"], place["name"]]
    return is_kind and (place["key"] is None or place["key"] in keys)


def _segments(path: str) -> list[str]:
    """The parts of a path; one in quotes may have dots of its own."""
    return [part.strip('"') for part in re.findall(r'"[^"]+"|[^.]+', path)]
