"""Blueprints: a system with all its environments in one YAML file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field, ValidationError

from environments_app.schema.aws_names import name_problems
from environments_app.schema.base import Name, Section
from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.document import parse
from environments_app.schema.problems import ConfigInvalid, Problem, from_validation
from environments_app.schema.yaml_text import load_yaml

SectionType = TypeVar("SectionType", bound=Section)
Tier = Literal["development", "staging", "production"]


class Protection(Section):
    """Who must agree before an environment changes."""

    required_approvals: int = Field(
        default=1, ge=0, le=10, title="Approvals of an apply", description="Approvals that a Terraform apply needs"
    )
    required_release_approvals: int = Field(
        default=0, ge=0, le=10, title="Approvals of a release", description="Approvals that a release needs"
    )
    auto_deploy: bool = Field(
        default=False, title="Releases deploy by themselves", description="Whether a release from CI deploys by itself"
    )
    branches: tuple[str, ...] = Field(default=(), description="Branches that may be released here (globs); empty: any")
    requester_may_approve: bool = Field(default=False, description="Whether who asks for a change may approve it")
    required_evidence: dict[str, float] = Field(
        default_factory=dict, description="Evidence that CI must attach, and the least value of each (0: any)"
    )


class _Heading(Section):
    """What a blueprint says about an environment beside its configuration."""

    tier: Tier = Field(description="How carefully it is treated; never derived from its name")
    protection: Protection = Field(default=Protection(), description="Who must agree to changes")


class _Front(Section):
    """What a blueprint says about its system."""

    system: Name = Field(description="Slug of the system")
    title: str = Field(description="Name for people")
    description: str = Field(description="What the system is, in a sentence or two")
    source_document: str = Field(description="Document that the values come from")
    environments: dict[Name, Any] = Field(min_length=1, description="Its environments, by name; read one by one")


class _Environment(_Heading):
    """One environment of a file, whole."""

    config: EnvironmentConfig = Field(description="The environment's configuration")


class _File(_Front):
    """A file, whole. Read in its parts (read_blueprint), so that a wrong one does not hide the others' problems."""

    environments: dict[Name, _Environment] = Field(min_length=1, description="Environments, by name")


@dataclass(frozen=True, slots=True)
class BlueprintEnvironment:
    """One environment of a blueprint; `document` is its configuration as the file says it, defaults left out."""

    name: str
    tier: Tier
    protection: Protection
    config: EnvironmentConfig
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A system and its environments, in the file's order; `text` is the file itself, comments included."""

    system: str
    title: str
    description: str
    source_document: str
    environments: tuple[BlueprintEnvironment, ...]
    text: str


def load_blueprint(path: Path) -> Blueprint:
    """Read a blueprint file. Raises ConfigInvalid with all problems of all environments, OSError if unreadable."""
    return read_blueprint(path.read_text(encoding="utf-8"))


def read_blueprint(text: str) -> Blueprint:
    """A blueprint from its text. Each environment's configuration stands under `config`."""
    problems: list[Problem] = []
    document = _yaml(text)
    front = _validated(_Front, document, "", problems)
    environments = document.get("environments")
    read: list[BlueprintEnvironment] = []
    for name, entry in environments.items() if isinstance(environments, dict) else ():
        at = f"environments.{name}"
        if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
            problems.append(Problem(f"{at}.config", "is missing", "the environment's configuration"))
            continue
        heading = _validated(_Heading, {k: v for k, v in entry.items() if k != "config"}, f"{at}.", problems)
        try:
            config = parse(entry["config"])
        except ConfigInvalid as error:
            problems += [Problem(f"{at}.config.{p.path}", p.problem, p.expected) for p in error.problems]
            continue
        if front:
            found = name_problems(front.system, str(name), config)
            problems += [Problem(f"{at}.config{p.path and '.'}{p.path}", p.problem, p.expected) for p in found]
        if heading:
            read.append(BlueprintEnvironment(str(name), heading.tier, heading.protection, config, entry["config"]))
    if problems or front is None:
        raise ConfigInvalid(problems)
    return Blueprint(front.system, front.title, front.description, front.source_document, tuple(read), text)


def read_protection(document: Mapping[str, Any]) -> Protection:
    """A protection from JSON-ready values. Raises ConfigInvalid with all problems."""
    try:
        return Protection.model_validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        raise ConfigInvalid(from_validation(error, Protection)) from error


def blueprint_json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a blueprint file, for editors."""
    return _File.model_json_schema()


def blueprint_files(directory: Path) -> Iterator[Path]:
    """The blueprint files of a directory, by name."""
    return iter(sorted(directory.glob("*.yaml")))


def _yaml(text: str) -> dict[str, Any]:
    try:
        document = load_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigInvalid([Problem("", f"not readable as YAML: {' '.join(str(error).split())}", "YAML")]) from error
    if not isinstance(document, dict):
        raise ConfigInvalid([Problem("", "holds no settings", "a mapping of settings")])
    return document


def _validated(
    model: type[SectionType], values: Mapping[str, Any], prefix: str, problems: list[Problem]
) -> SectionType | None:
    try:
        return model.model_validate(values, strict=False)
    except ValidationError as error:
        problems += [Problem(f"{prefix}{p.path}", p.problem, p.expected) for p in from_validation(error, model)]
        return None
