"""From a system as it stands back to a blueprint file."""

from typing import Any

import yaml

from environments_app.schema.blueprint import Blueprint
from environments_app.schema.config import EnvironmentConfig


def as_yaml(document: object) -> str:
    """A document as people edit it, in its own order; it reads back as the same."""
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    # PyYAML writes a U+0085 as it is and reads it as the end of a line; escaped, it stays.
    return text if "\x85" not in text else yaml.safe_dump(document, sort_keys=False, width=100)


def concise(config: EnvironmentConfig) -> dict[str, Any]:
    """The configuration as JSON-ready values with the defaults left out; reads back as the same configuration."""
    return config.model_dump(mode="json", exclude_defaults=True)


def render_blueprint(blueprint: Blueprint) -> str:
    """A blueprint as a YAML file in the schema's order, without comments; `read_blueprint` reads the same back."""
    document = {
        "system": blueprint.system,
        "title": blueprint.title,
        "description": blueprint.description,
        "source_document": blueprint.source_document,
        "environments": {
            environment.name: {
                "tier": environment.tier,
                "protection": environment.protection.model_dump(mode="json", exclude_defaults=True),
                "config": concise(environment.config),
            }
            for environment in blueprint.environments
        },
    }
    return as_yaml(document)


def say_the_same(one: Blueprint, other: Blueprint) -> bool:
    """Whether two blueprints describe one system, in whatever words and order."""
    return _content(one) == _content(other)


def _content(blueprint: Blueprint) -> object:
    environments = {each.name: (each.tier, each.protection, each.config) for each in blueprint.environments}
    return blueprint.system, blueprint.title, blueprint.description, blueprint.source_document, environments
