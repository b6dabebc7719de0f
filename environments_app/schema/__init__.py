"""The typed configuration of an environment: one schema for forms, admin, API, files and Terraform.

Pure: it knows neither Django nor AWS's API.
"""

from environments_app.schema.accounts import AccountRoles
from environments_app.schema.advice import warnings
from environments_app.schema.aws_names import name_problems
from environments_app.schema.blueprint import (
    Blueprint,
    BlueprintEnvironment,
    Protection,
    Tier,
    blueprint_files,
    blueprint_json_schema,
    load_blueprint,
    read_blueprint,
    read_protection,
)
from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.document import canonical, digest, json_schema, parse
from environments_app.schema.gaps import Gap, unprovisioned
from environments_app.schema.problems import ConfigInvalid, Problem
from environments_app.schema.render import render_variables
from environments_app.schema.yaml_text import load_yaml

__all__ = [
    "AccountRoles",
    "Blueprint",
    "BlueprintEnvironment",
    "ConfigInvalid",
    "EnvironmentConfig",
    "Gap",
    "Problem",
    "Protection",
    "Tier",
    "blueprint_files",
    "blueprint_json_schema",
    "canonical",
    "digest",
    "json_schema",
    "load_blueprint",
    "load_yaml",
    "name_problems",
    "parse",
    "read_blueprint",
    "read_protection",
    "render_variables",
    "unprovisioned",
    "warnings",
]
