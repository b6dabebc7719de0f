"""From what a form sent to a document. What cannot be read stays as it was typed: the schema says what is wrong."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from pydantic import BaseModel

from environments_app.config_form.shape import Shape, default_of, shape_of

USED, KEY, NAME, NEW = ":used", ":key", ":name", ":new"
"""What stands behind a path in the names of fields that are no settings: a section is there; the entries' keys, in
order; an entry's name as it is to be; the name of an entry to add."""
_LEFT_OUT = object()


class Sent(Protocol):
    """What was sent, as Django's QueryDict has it."""

    def get(self, key: str, default: Any = None) -> Any: ...
    def getlist(self, key: str) -> list[str]: ...
    def __contains__(self, key: object) -> bool: ...


def read_form(model: type[BaseModel], sent: Sent, path: str = "") -> dict[str, Any]:
    """The document of a section's fields. A setting that was left empty takes its default."""
    document: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        value = _read(shape_of(field.annotation), sent, join(path, name), default_of(field))
        if value is not _LEFT_OUT:
            document[name] = value
    return document


def join(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _read(shape: Shape, sent: Sent, path: str, default: Any) -> Any:
    match shape.kind:
        case "section" if shape.model:
            return None if shape.optional and path + USED not in sent else read_form(shape.model, sent, path)
        case "entries" if shape.model:
            return dict(_entries(shape.model, sent, path))
        case "list" if shape.model:
            return [read_form(shape.model, sent, join(path, key)) for key in sent.getlist(path + KEY)]
        case "flag":
            return path in sent
        case "choices":
            return [_option(shape, text) for text in sent.getlist(path)]
        case "lines":
            lines = [line.strip() for line in sent.get(path, "").splitlines() if line.strip()]
            return [_number(line, whole=shape.whole) if shape.of_numbers else _read_line(line) for line in lines]
        case "pairs":
            return dict(_pair(shape, line) for line in sent.get(path, "").splitlines() if line.strip())
    return _scalar(shape, sent.get(path, ""), default)


def _scalar(shape: Shape, text: str, default: Any) -> Any:
    if shape.kind == "text" and default == "":
        return _read_line(text)
    text = text.strip()
    if not text:
        return None if shape.optional else _LEFT_OUT
    if shape.kind == "text":
        return _read_line(text)
    match shape.kind:
        case "choice":
            return _option(shape, text)
        case "number":
            return _number(text, whole=shape.whole)
        case "json":
            return _json(text)
    return text


def _entries(model: type[BaseModel], sent: Sent, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    taken: set[str] = set()
    for key in sent.getlist(path + KEY):
        here = join(path, key)
        name = sent.get(here + NAME, key).strip() or key
        # Two entries cannot have one name: the later one keeps its own, so that neither is lost.
        name = key if name in taken else name
        taken.add(name)
        yield name, read_form(model, sent, here)


def _option(shape: Shape, text: str) -> Any:
    return next((option for option in shape.options if str(option) == text), text)


def _number(text: str, *, whole: bool) -> int | float | str:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _pair(shape: Shape, line: str) -> tuple[str, int | float | str | None]:
    """`NAME=value`. A line without `=` has no value."""
    name, equals, value = line.partition("=")
    if not equals:
        return name.strip(), None
    return name.strip(), _number(value.strip(), whole=shape.whole) if shape.of_numbers else _read_line(value)


def _read_line(text: str) -> str:
    """What begins with a quotation mark is a JSON string (`line_of`), unless it is none."""
    quoted = _json(text.strip()) if text.strip().startswith('"') else text
    return quoted if isinstance(quoted, str) else text


def pairs_text(values: Mapping[str, Any]) -> str:
    """The lines that `_pair` reads back."""
    return "\n".join(f"{name}={value if value == '' else _side_of(value)}" for name, value in values.items())


def _side_of(value: Any) -> str:
    return number_text(value) if isinstance(value, float) else line_of(value)


def number_text(value: float) -> str:
    """A number as people write it: without the fraction that it does not have."""
    return repr(value).removesuffix(".0")


def line_of(value: Any) -> str:
    """One line that `_read_line` reads back: the text itself, or a JSON string where that would not survive."""
    plain = isinstance(value, str) and value and value == value.strip() and not value.startswith('"')
    return value if plain and len(value.splitlines()) < 2 else json.dumps(value)
