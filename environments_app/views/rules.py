"""A protection in words: the same ones on every page, as the schema has them. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from environments_app import schema
from environments_app.config_form.drawing import title_of
from environments_app.schema.compare import Difference


def facts(rules: schema.Protection) -> list[tuple[str, str]]:
    """What each rule is called, and what it says."""
    return [
        (title_of(name, info), _said(name, getattr(rules, name))) for name, info in type(rules).model_fields.items()
    ]


def _said(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{what} at least {least:g}" for what, least in sorted(value.items())) or "none"
    if isinstance(value, tuple):
        return ", ".join(value) or "any"
    return str(value)


def named(differences: Sequence[Difference]) -> list[Difference]:
    """Differences of two protections with the rules' words in place of the settings' names."""
    fields = schema.Protection.model_fields
    words = {name: title_of(name, info) for name, info in fields.items()}
    return [replace(each, path=(words.get(str(each.path[0]), each.path[0]), *each.path[1:])) for each in differences]
