"""From a document to a configuration and back: parse, canonical form, digest, JSON Schema."""

import copy
import hashlib
import json
from collections.abc import Mapping
from itertools import chain
from typing import Any

from pydantic import ValidationError

from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.problems import ConfigInvalid, Location, Problem, from_validation, path_of
from environments_app.schema.rules import ERRORS, references

# What stands in for a section that could not be read, so that the rules about the others still hold.
_STAND_IN: Mapping[str, Any] = {
    "region": "xx-nowhere-1",  # none that another setting could mean, too
    "network": {
        "cidr": "10.0.0.0/16",
        "zone_count": 2,
        "subnets": {"public": ["10.0.1.0/24", "10.0.2.0/24"], "private": ["10.0.11.0/24", "10.0.12.0/24"]},
    },
    "services": {
        "stand-in": {
            "containers": {"main": {}},
            "cpu_units": 256,
            "memory_mib": 512,
            "desired_count": 0,
            "min_count": 0,
            "max_count": 0,
        }
    },
    "compute": {},
    "database": {
        "engine_version": "15",
        "instance_class": "db.t3.micro",
        "name": "stand_in",
        "username": "stand_in",
        "storage_gib": 20,
        "backup_retention_days": 7,
    },
    "cache": {"node_type": "cache.t3.micro"},
    "load_balancer": {},
    "dns": {"zone": "example.com", "domain": "example.com"},
    "cdn": {},
    "waf": {},
}

# What is judged by a section: while that could not be read, nothing is said of it.
_JUDGED_BY = {"region": "network.zones", "compute": "services"}


def parse(document: Mapping[str, Any]) -> EnvironmentConfig:
    """The configuration that a document (as read from YAML or JSON) says.

    Raises ConfigInvalid with every problem at once: those of single values, and those of the rules that join
    values, the latter for all parts that could be read.
    """
    config, problems, unread = _read(document)
    joined = chain(*(rule(config) for rule in ERRORS), references(config, unread))
    problems += [problem for problem in joined if not _inside(problem.path, unread)]
    if problems:
        raise ConfigInvalid(problems)
    return config


def canonical(config: EnvironmentConfig) -> dict[str, Any]:
    """The configuration as JSON-ready values, every setting present: equal configurations give equal ones."""
    return config.model_dump(mode="json")


def digest(config: EnvironmentConfig) -> str:
    """SHA-256 (hex) of the canonical form; independent of the order in which a document names things."""
    text = json.dumps(canonical(config), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a configuration document, for editors."""
    return EnvironmentConfig.model_json_schema()


def _read(document: Mapping[str, Any]) -> tuple[EnvironmentConfig, list[Problem], frozenset[str]]:
    """Read what can be read: a configuration without the wrong parts, their problems, and their paths.

    A wrong value is taken out of a copy, so that its default stands in its place; where it has none, the
    part around it goes as well, until the rest is valid.
    """
    rest: dict[str, Any] = copy.deepcopy(dict(document))
    problems: list[Problem] = []
    unread: set[str] = set()
    while True:
        try:
            config = EnvironmentConfig.model_validate_json(json.dumps(rest, default=str))
        except ValidationError as error:
            if not unread:
                problems = from_validation(error, EnvironmentConfig)
            for details in error.errors(include_url=False):
                unread.add(_take_out(rest, details["loc"], missing=details["type"] == "missing"))
        else:
            return config, problems, frozenset(unread | {_JUDGED_BY[part] for part in unread & _JUDGED_BY.keys()})


def _take_out(rest: dict[str, Any], location: Location, *, missing: bool) -> str:
    """Remove the value at a location (or, for a missing one, the part that lacks it); returns its path."""
    location = tuple(part for part in location if part != "[key]")
    depth = len(location) - 1 if missing else len(location)
    for length in range(depth, 0, -1):
        holder: Any = rest
        for part in location[: length - 1]:
            holder = holder.get(part) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and location[length - 1] in holder:
            del holder[location[length - 1]]
            section = str(location[0])
            if section in _STAND_IN and not rest.get(section):  # nothing of it is left
                rest[section] = copy.deepcopy(_STAND_IN[section])
            return path_of(location[:length])
    # Nothing is left to take out: a required section is missing, or an earlier finding has taken it out.
    name = str(location[0]) if location else ""
    if name in _STAND_IN:
        rest.setdefault(name, copy.deepcopy(_STAND_IN[name]))
    return name


def _inside(path: str, parts: frozenset[str]) -> bool:
    return any(path == part or path.startswith(f"{part}.") for part in parts)
