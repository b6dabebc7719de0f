"""What is wrong with a configuration, said so that the reader knows how to put it right."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where (`services.api.memory_mib`), what, and what would be right."""

    path: str
    problem: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path or '(document)'}: {self.problem}; expected: {self.expected}"


class ConfigInvalid(Exception):
    """The document is no valid configuration; `problems` holds everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


Location = tuple[str | int, ...]

# pydantic's error type -> what would be right, filled from the error's context
_EXPECTED = {
    "missing": "a value: this setting is required",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text (in quotes, where it looks like a number)",
    "dict_type": "a mapping of names to values",
    "tuple_type": "a list",
    "model_type": "a section with named settings",
    "model_attributes_type": "a section with named settings",
    "finite_number": "a finite number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "multiple_of": "a multiple of {multiple_of:g}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} entries",
}


def path_of(location: Location) -> str:
    return ".".join(str(part) for part in location)


def from_validation(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """All findings of a pydantic validation, in the order of the document's settings."""
    return [_problem(details, model) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, model: type[BaseModel]) -> Problem:
    location = tuple(part for part in details["loc"] if part != "[key]")
    context: Mapping[str, Any] = details.get("ctx", {})
    kind = details["type"]
    if kind == "slipway":
        return Problem(path_of(location), context["problem"], context["expected"])
    if kind == "extra_forbidden":
        known = _settings_at(model, location[:-1])
        close = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        hint = f"{close[0]!r}, perhaps" if close else f"one of {', '.join(known)}"
        return Problem(path_of(location), "there is no such setting", hint)
    if kind == "missing":
        return Problem(path_of(location), "is missing", _EXPECTED[kind])
    if kind == "json_invalid":
        return Problem(path_of(location), str(context.get("error", "unreadable")), "a document of settings")
    shown = repr(details["input"])
    problem = f"{shown if len(shown) <= 80 else shown[:77] + '...'} is not valid"
    template = _EXPECTED.get(kind)
    return Problem(path_of(location), problem, template.format(**context) if template else details["msg"])


def _settings_at(model: type[BaseModel], location: Location) -> list[str]:
    """Names that may stand at a place of the document: walks the models' annotations along the path."""
    models: list[type[BaseModel]] = [model]
    for part in location:
        fields = [m.model_fields[str(part)] for m in models if str(part) in m.model_fields]
        if fields:
            models = _models_in(fields[0].annotation)
    return sorted(name for m in models for name in m.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]
