"""The form of a configuration says all that the configuration says, and gives it back."""

import copy
from collections.abc import Iterable
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given

from environments_app.config_form.drawing import Node, draw, label_of
from environments_app.config_form.editing import edit
from environments_app.config_form.reading import read_form
from environments_app.schema import (
    ConfigInvalid,
    EnvironmentConfig,
    Protection,
    canonical,
    digest,
    parse,
    read_protection,
)
from tests import reference_systems
from tests.config_fields import form, sent
from tests.unit.schema_document import document
from tests.unit.test_schema_roundtrip import documents

BLUEPRINTS = [
    pytest.param(entry.config, id=f"{system}-{entry.name}")
    for system, blueprint in reference_systems.BLUEPRINTS.items()
    for entry in blueprint.environments
]


def flat(nodes: Iterable[Node]) -> dict[str, Node]:
    found = {}
    for node in nodes:
        found[node.path] = node
        found |= flat(node.children)
    return found


def there_and_back(config: EnvironmentConfig) -> EnvironmentConfig:
    return parse(read_form(EnvironmentConfig, sent(form(canonical(config)))))


@given(documents())
def test_what_is_drawn_and_sent_back_is_the_same_configuration(drawn: dict[str, Any]) -> None:
    config = parse(drawn)
    assert digest(there_and_back(config)) == digest(config)


@pytest.mark.parametrize("config", BLUEPRINTS)
def test_the_reference_systems_go_through_the_form_unchanged(config: EnvironmentConfig) -> None:
    assert digest(there_and_back(config)) == digest(config)


def test_a_problem_stands_at_its_field_and_opens_the_groups_around_it() -> None:
    wrong = document({"services.web.memory_mib": "much"})
    with pytest.raises(ConfigInvalid) as refused:
        parse(wrong)
    [problem] = [{"path": p.path, "problem": p.problem, "expected": p.expected} for p in refused.value.problems]
    nodes = flat(form(wrong, [problem]))
    assert nodes["services.web.memory_mib"].problems == (problem,)
    assert nodes["services.web.memory_mib"].text == "much", "what was typed stays"
    assert nodes["services"].is_open
    assert nodes["services.web"].is_open
    assert not nodes["database"].is_open


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("services.web.memory_mib", "much"),
        ("network.zone_count", "4"),
        ("network.cidr", "10.0.0.0/99"),
        ("tags", "no equals sign"),
        ("database.storage_gib", "12.5"),
    ],
)
def test_nonsense_is_kept_as_it_was_typed_and_refused_by_the_schema(path: str, typed: str) -> None:
    query = sent(form(canonical(parse(document()))))
    query[path] = typed
    with pytest.raises(ConfigInvalid) as refused:
        parse(read_form(EnvironmentConfig, query))
    assert refused.value.problems[0].path.startswith(path)


def test_an_empty_field_is_its_default() -> None:
    path = "services.web.routing.deregistration_delay_seconds"
    query = sent(form(canonical(parse(document({path: 5})))))
    query[path] = " "
    routing = parse(read_form(EnvironmentConfig, query)).services["web"].routing
    assert routing
    assert routing.deregistration_delay_seconds == 30


@pytest.mark.parametrize("value", ["plain", "a=b=c", "", " padded ", "two\nlines", '"quoted"', "ünïcode", '{"a": 1}'])
def test_every_value_of_a_variable_survives(value: str) -> None:
    config = parse(document({"services.web.containers.web.environment": {"ONE": value}}))
    assert there_and_back(config).services["web"].containers["web"].environment == {"ONE": value}


@pytest.mark.parametrize(
    "words", [["sh", "-c", "set -e\nmigrate\nserve ", ""], [" padded "], ['"quoted"', "plain"], [""], []]
)
def test_every_word_of_a_command_survives(words: list[str]) -> None:
    config = parse(document({"services.web.containers.web.command": words}))
    assert there_and_back(config).services["web"].containers["web"].command == tuple(words)


@pytest.mark.parametrize("evidence", [{}, {"coverage": 80.0, "tests": 0.0}, {"ratio": 0.1}, {"rows": 12345678.0}])
def test_the_evidence_of_a_protection_is_lines_with_numbers(evidence: dict[str, float]) -> None:
    drawn = draw(Protection, Protection(required_evidence=evidence).model_dump(mode="json"))
    node = flat(drawn)["required_evidence"]
    assert node.text.splitlines() == [f"{name}={number:.10g}" for name, number in evidence.items()]
    assert read_protection(read_form(Protection, sent(drawn))).required_evidence == evidence


def test_evidence_that_is_no_number_is_kept_as_it_was_typed_and_refused() -> None:
    query = sent(draw(Protection, Protection().model_dump(mode="json")))
    query["required_evidence"] = "coverage=high"
    read = read_form(Protection, query)
    assert read["required_evidence"] == {"coverage": "high"}
    with pytest.raises(ConfigInvalid):
        read_protection(read)


def test_the_form_says_empty_where_a_document_says_null() -> None:
    nodes = flat(form(document()))
    assert nodes["account_role_arn"].help.endswith("; empty: its own credentials")
    assert nodes["terraform"].help.endswith("; without it: the bundled stack")
    assert nodes["file_system"].help == "EFS"
    assert not [path for path, node in nodes.items() if "null:" in node.help]


def test_a_text_of_several_lines_survives() -> None:
    config = parse(document({"alarms.errors.description": "first\nsecond "}))
    assert there_and_back(config).alarms["errors"].description == "first\nsecond "


def test_entries_are_renamed_and_never_lost() -> None:
    buckets = {name: {"purpose": name} for name in ("one", "two")}
    query = sent(form(canonical(parse(document({"buckets": buckets, "services.web.buckets": []})))))
    query["buckets.one:name"] = "first"
    assert list(read_form(EnvironmentConfig, query)["buckets"]) == ["first", "two"]
    query["buckets.two:name"] = "first"
    assert list(read_form(EnvironmentConfig, query)["buckets"]) == ["first", "two"], "two cannot have one name"


@pytest.mark.parametrize(
    ("verb", "path", "new", "expected"),
    [
        ("add", "buckets", "logs", {"buckets": {"files": {}, "logs": {}}}),
        ("add", "buckets", "", {}),
        ("add", "buckets", "files", {}),
        ("remove", "buckets.files", "", {"buckets": {}}),
        ("remove", "buckets.nowhere", "", {}),
        ("add", "routes", "", {"routes": [{"n": 1}, {}]}),
        ("remove", "routes.0", "", {"routes": []}),
        ("remove", "routes.7", "", {}),
        ("use", "cdn", "", {"cdn": {}}),
        ("use", "waf", "", {}),
        ("drop", "waf", "", {"waf": None}),
        ("remove", "deep.in.nowhere", "", {}),
        ("explode", "waf", "", {}),
    ],
)
def test_buttons_change_what_they_name_and_nothing_else(
    verb: str, path: str, new: str, expected: dict[str, Any]
) -> None:
    before: dict[str, Any] = {"buckets": {"files": {}}, "routes": [{"n": 1}], "cdn": None, "waf": {"a": 1}}
    query = QueryDict(mutable=True)
    query[f"{path}:new"] = new
    assert edit(copy.deepcopy(before), verb, path, query) == before | expected


def test_labels_carry_their_units() -> None:
    assert label_of("memory_mib") == "Memory (MiB)"
    assert label_of("multi_az") == "Multi AZ"
    assert label_of("percent") == "Percent"
