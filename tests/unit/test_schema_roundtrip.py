"""The canonical form says everything: it reads back as the same configuration, with the same digest."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments_app.schema import canonical, digest, json_schema, parse
from tests.unit.schema_document import document

names = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Valid documents: the known one with sizes, counts, names and sections drawn at random."""
    low, high = sorted(draw(st.tuples(st.integers(0, 50), st.integers(0, 50))))
    cpu, memory = draw(st.sampled_from([(256, 512), (256, 2048), (1024, 8192), (16384, 122880)]))
    changes: dict[str, Any] = {
        "region": draw(st.sampled_from(["us-east-1", "eu-west-1", "sa-east-1", "us-gov-west-1"])),
        "services.web.min_count": low,
        "services.web.max_count": high,
        "services.web.desired_count": draw(st.integers(low, high)),
        "services.web.cpu_units": cpu,
        "services.web.memory_mib": memory,
        "services.web.containers.web.environment": draw(
            st.dictionaries(st.sampled_from(["LANG", "MODE", "GREETING"]), st.text(max_size=20))
        ),
        "services.web.containers.web.command": draw(st.lists(st.text(max_size=20), max_size=4)),
        "alarms.errors.description": draw(st.text(max_size=20)),
        "tags": draw(st.dictionaries(names, st.text(max_size=20), max_size=3)),
        "alarms.errors.threshold": draw(st.floats(0, 100)),
        "database.multi_az": draw(st.booleans()),
        "cache": draw(st.sampled_from([None, {"node_type": "cache.t3.small"}])),
        "budget": draw(st.none() | st.fixed_dictionaries({"monthly_usd": st.floats(0.01, 1e6)})),
    }
    return document(changes)


@given(documents())
def test_the_canonical_form_reads_back_as_the_same_configuration(drawn: dict[str, Any]) -> None:
    config = parse(drawn)

    again = parse(json.loads(json.dumps(canonical(config))))

    assert again == config
    assert digest(again) == digest(config)


@given(documents(), st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_the_order_of_names(drawn: dict[str, Any], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key]) for key in keys}

    assert digest(parse(shuffled(drawn))) == digest(parse(drawn))


@given(documents(), documents())
def test_digests_are_equal_only_for_equal_configurations(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (digest(parse(one)) == digest(parse(other))) == (parse(one) == parse(other))


def test_a_setting_left_out_is_its_default() -> None:
    spelled_out = document({"services.web.tier": "private", "database.multi_az": False, "dns": None})

    assert digest(parse(spelled_out)) == digest(parse(document()))


def test_a_configuration_cannot_be_changed() -> None:
    config = parse(document())

    with pytest.raises(ValueError, match="frozen"):
        config.region = "us-east-1"  # type: ignore[misc]  # what is tested


def _undescribed(schema: Any, path: str = "") -> list[str]:
    if isinstance(schema, list):
        return [found for index, part in enumerate(schema) for found in _undescribed(part, f"{path}[{index}]")]
    if not isinstance(schema, dict):
        return []
    missing = [
        f"{path}.{name}"
        for name, field in schema.get("properties", {}).items()
        if isinstance(field, dict) and not field.get("description")
    ]
    return missing + [found for key, part in schema.items() for found in _undescribed(part, f"{path}.{key}")]


def test_the_json_schema_describes_every_setting() -> None:
    schema = json_schema()

    assert schema["additionalProperties"] is False
    assert _undescribed(schema) == []
