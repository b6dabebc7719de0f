"""Editors check and complete configurations by a JSON Schema that agrees with what the product takes."""

import json
from io import StringIO
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import call_command

from environments_app.schema import blueprint_files, blueprint_json_schema, json_schema, load_blueprint
from tests.terraform_fixture import REPOSITORY_ROOT
from tests.unit.schema_document import document

BLUEPRINTS = list(blueprint_files(REPOSITORY_ROOT / "blueprints"))


def printed(*arguments: str) -> dict[str, Any]:
    output = StringIO()
    call_command("config_schema", *arguments, stdout=output)
    described: dict[str, Any] = json.loads(output.getvalue())
    return described


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_every_blueprint_agrees_with_both_schemas(path: Any) -> None:
    jsonschema.Draft202012Validator(blueprint_json_schema()).validate(yaml.safe_load(path.read_text()))
    for environment in load_blueprint(path).environments:
        jsonschema.Draft202012Validator(json_schema()).validate(environment.document)


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
    errors = list(jsonschema.Draft202012Validator(json_schema()).iter_errors(document(changes)))
    assert [list(error.absolute_path) for error in errors] == [place]


def test_the_command_prints_them() -> None:
    assert printed() == json_schema()
    assert printed("--blueprint") == blueprint_json_schema()
    jsonschema.Draft202012Validator.check_schema(printed("--blueprint"))
