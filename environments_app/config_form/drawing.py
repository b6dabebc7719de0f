"""From a document and its problems to the nodes of a form, in the schema's order."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from environments_app.config_form.reading import join, line_of, number_text, pairs_text
from environments_app.config_form.shape import Shape, default_of, shape_of

Problem = Mapping[str, str]
"""path, problem, expected: as a Refusal's details carry it."""
_UNITS = {
    "mib": "MiB",
    "gib": "GiB",
    "mibps": "MiB/s",
    "seconds": "seconds",
    "minutes": "minutes",
    "hours": "hours",
    "days": "days",
    "percent": "%",
    "usd": "US dollars",
}
_SPELLING = {
    word.lower(): word
    for word in ("CPU", "DNS", "CDN", "WAF", "ARN", "ACLs", "AZ", "NAT", "TLS", "URL", "CIDR", "API", "MFA")
}


@dataclass(frozen=True, slots=True)
class Node:
    """One field, or a group of them.

    path: as the schema's problems name it. kind: as in Shape. used: an optional section is there. name: of an entry.
    text: what the field shows. options: (value, words, selected). default: what holds where nothing is said.
    """

    path: str
    kind: str
    label: str
    help: str = ""
    text: str = ""
    options: tuple[tuple[str, str, bool], ...] = ()
    default: str = ""
    required: bool = False
    optional: bool = False
    used: bool = True
    name: str = ""
    problems: tuple[Problem, ...] = ()
    children: tuple["Node", ...] = field(default=())

    @property
    def id(self) -> str:
        return f"set-{self.path}"

    @property
    def is_open(self) -> bool:
        """Whether somebody must see what is inside."""
        return any(child.problems or child.is_open for child in self.children)

    @property
    def is_group(self) -> bool:
        return self.kind in ("section", "entries", "list", "entry")


def draw(model: type[BaseModel], document: Any, problems: Sequence[Problem] = (), path: str = "") -> tuple[Node, ...]:
    """A section's fields, with each problem at the field that it is about."""
    values = document if isinstance(document, Mapping) else {}
    return tuple(
        _node(name, info, values.get(name, _NOTHING), problems, join(path, name))
        for name, info in model.model_fields.items()
    )


_NOTHING = object()


def label_of(name: str) -> str:
    """`memory_mib` -> "Memory (MiB)"."""
    words = name.split("_")
    unit = _UNITS.get(words[-1]) if len(words) > 1 else None
    spelled = [_SPELLING.get(word, word) for word in (words[:-1] if unit else words)]
    text = " ".join(spelled)
    return text[:1].upper() + text[1:] + (f" ({unit})" if unit else "")


def title_of(name: str, info: FieldInfo) -> str:
    """What people call a setting: the schema's own words where it has some."""
    return info.title or label_of(name)


def _node(name: str, info: FieldInfo, value: Any, problems: Sequence[Problem], path: str) -> Node:
    shape, default = shape_of(info.annotation), default_of(info)
    mine: dict[str, Any] = {
        "label": title_of(name, info),
        "help": _help(shape, info.description or ""),
        "optional": shape.optional,
        "path": path,
    }
    if shape.model:
        return _group(shape, default if value is _NOTHING else value, problems, mine)
    shown = default if value is _NOTHING and shape.kind in ("flag", "choice", "choices") else value
    return Node(
        kind=shape.kind,
        text="" if shown is _NOTHING else _text(shape, shown),
        options=_options(shape, shown),
        default="" if default in (None, "", [], {}) else _text(shape, default),
        required=info.is_required(),
        problems=_at(problems, path, below=True),
        **mine,
    )


def _help(shape: Shape, description: str) -> str:
    """The schema's words for a form, which knows no null."""
    text, null, meaning = description.partition("; null: ")
    if not null or (shape.model and meaning == "none"):
        return text
    return f"{text}; {'without it' if shape.model else 'empty'}: {meaning}"


def _group(shape: Shape, value: Any, problems: Sequence[Problem], mine: dict[str, Any]) -> Node:
    path, model = mine["path"], shape.model
    assert model  # noqa: S101  only such shapes come here
    here = _at(problems, path)
    if shape.kind == "section":
        used = not shape.optional or value is not None
        children = draw(model, value, problems, path) if used else ()
        return Node(kind="section", used=used, children=children, problems=here, **mine)
    entries: Iterable[tuple[Any, Any]] = ()
    if shape.kind == "entries" and isinstance(value, Mapping):
        entries = value.items()
    elif shape.kind == "list" and isinstance(value, list):
        entries = enumerate(value)
    children = tuple(
        Node(
            path=join(path, key),
            kind="entry",
            label=str(key) if shape.kind == "entries" else str(key + 1),
            name=str(key),
            children=draw(model, entry, problems, join(path, key)),
            problems=_at(problems, join(path, key)),
        )
        for key, entry in entries
    )
    return Node(kind=shape.kind, children=children, problems=here, **mine)


def _at(problems: Sequence[Problem], path: str, *, below: bool = False) -> tuple[Problem, ...]:
    return tuple(
        problem for problem in problems if problem["path"] == path or (below and problem["path"].startswith(f"{path}."))
    )


def _text(shape: Shape, value: Any) -> str:
    if value is None:
        return ""
    if shape.kind == "lines" and isinstance(value, list):
        return "\n".join(f"{item:g}" if isinstance(item, float) else line_of(item) for item in value)
    if shape.kind == "pairs" and isinstance(value, Mapping):
        return pairs_text(value)
    if shape.kind == "json":
        return json.dumps(value, indent=1)
    if shape.kind == "text" and isinstance(value, str):
        return line_of(value) if value else ""
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _options(shape: Shape, value: Any) -> tuple[tuple[str, str, bool], ...]:
    if shape.kind == "flag":
        return (("on", "", value is True),)
    chosen = value if isinstance(value, list) else [value]
    options = [(str(option), str(option), option in chosen) for option in shape.options]
    if shape.kind == "choice" and shape.optional:
        options.insert(0, ("", "none", value is None or value is _NOTHING))
    # What was sent and is no option stays visible beside its problem.
    strange = [item for item in chosen if shape.options and isinstance(item, str) and item not in shape.options]
    return (*options, *((item, item, True) for item in strange))
