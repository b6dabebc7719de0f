"""Editors check and complete configurations by a JSON Schema that agrees with what the product takes."""

import json
from io import StringIO
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import call_command

from environments_app.schema import Blueprint, blueprint_json_schema, json_schema
from tests.reference_systems import BLUEPRINTS
from tests.unit.schema_document import document

OF_A_FILE = jsonschema.Draft202012Validator(blueprint_json_schema())
OF_A_CONFIGURATION = jsonschema.Draft202012Validator(json_schema())


def printed(*arguments: str) -> dict[str, Any]:
    output = StringIO()
    call_command("config_schema", *arguments, stdout=output)
    described: dict[str, Any] = json.loads(output.getvalue())
    return described


@pytest.mark.parametrize("blueprint", BLUEPRINTS.values(), ids=BLUEPRINTS)
def test_every_blueprint_agrees_with_both_schemas(blueprint: Blueprint) -> None:
    OF_A_FILE.validate(yaml.safe_load(blueprint.text))
    for environment in blueprint.environments:
        OF_A_CONFIGURATION.validate(environment.document)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"services.web.memory": 1024}, ["services", "web"]),
        ({"services.web.cpu_units": "many"}, ["services", "web", "cpu_units"]),
        ({"waf": {"rate_limit": 1}}, ["waf"]),
        ({"region": ...}, []),
    ],
)
def test_what_is_refused_by_its_form_is_underlined_in_the_editor(changes: dict[str, Any], place: list[str]) -> None:
    errors = list(OF_A_CONFIGURATION.iter_errors(document(changes)))
    assert [list(error.absolute_path) for error in errors] == [place]


def test_the_command_prints_them() -> None:
    assert printed() == json_schema()
    assert printed("--blueprint") == blueprint_json_schema()
    jsonschema.Draft202012Validator.check_schema(printed("--blueprint"))
