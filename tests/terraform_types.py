"""The types of a module's variables, as far as tests need them: which attributes an object declares.

Terraform drops what an object type does not declare without a word, so a setting can get lost between the two.
"""

import re
from collections.abc import Iterator
from pathlib import Path

Type = dict[str, "Type"] | None
"""Attributes of an object, or of the objects in a list or map; None for everything else."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|#[^\n]*|[A-Za-z_][\w-]*|[-\d.]+|[(){}\[\],=]')
_COLLECTIONS = {"list", "set", "map"}


def variable_types(module: Path) -> dict[str, Type]:
    """Name -> type of every variable of a module's variables.tf (in canonical format)."""
    found = re.findall(r'^variable "(\w+)" {\n(.*?)^}', (module / "variables.tf").read_text(), re.MULTILINE | re.DOTALL)
    return {name: _type(_tokens(re.split(r"^  type\s*= ", body, flags=re.MULTILINE)[1])) for name, body in found}


def _tokens(text: str) -> Iterator[str]:
    return (token for token in _TOKEN.findall(text) if not token.startswith("#"))


def _type(tokens: Iterator[str]) -> Type:
    name = next(tokens)
    if name == "object":
        next(tokens), next(tokens)  # ({
        return _attributes(tokens)
    if name in _COLLECTIONS or name == "optional":
        next(tokens)
        inner = _type(tokens)
        if name == "optional" or inner is None:
            _skip(tokens)
        else:
            next(tokens)
        return inner
    return None


def _attributes(tokens: Iterator[str]) -> Type:
    found: dict[str, Type] = {}
    for token in tokens:
        if token == "}":
            next(tokens)  # )
            return found
        if token != ",":
            next(tokens)  # =
            found[token] = _type(tokens)
    return found


def _skip(tokens: Iterator[str]) -> None:
    """What is left of a call, its closing parenthesis included: an optional attribute's default."""
    depth = 1
    for token in tokens:
        depth += (token in "({[") - (token in ")}]")
        if depth == 0:
            return
