"""Two versions of a configuration are compared setting by setting, and the differences lead from one to the other."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments_app.schema import canonical, parse
from environments_app.schema.compare import Difference, apply, compare
from tests.unit.schema_document import document

leaves = st.none() | st.booleans() | st.integers(0, 3) | st.floats(0, 1) | st.text("ab", max_size=2)
values = st.recursive(
    leaves, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from("abc"), part, max_size=3)
)
documents = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


def differences(changes: dict[str, Any]) -> list[tuple[str, str, Any, Any]]:
    before, after = canonical(parse(document())), canonical(parse(document(changes)))
    return [(each.name, each.kind, each.before, each.after) for each in compare(before, after)]


@given(documents)
def test_a_document_does_not_differ_from_itself(one: dict[str, Any]) -> None:
    assert compare(one, copy.deepcopy(one)) == []


@given(documents, documents)
def test_the_differences_make_the_one_document_of_the_other(one: dict[str, Any], other: dict[str, Any]) -> None:
    original = copy.deepcopy(one)
    made = apply(compare(one, other), one)
    assert repr(_sorted(made)) == repr(_sorted(other)), "types included: 1 is not true"
    assert one == original, "what is compared stays as it is"


@given(documents, documents)
def test_the_way_back_is_as_long_as_the_way_there(one: dict[str, Any], other: dict[str, Any]) -> None:
    there, back = compare(one, other), compare(other, one)
    assert {each.path for each in there} == {each.path for each in back}
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    kinds = {each.path: each.kind for each in back}
    assert all(kinds[each.path] == opposite[each.kind] for each in there)


def test_a_changed_value_is_one_difference() -> None:
    assert differences({"services.web.memory_mib": 2048}) == [("services.web.memory_mib", "changed", 1024, 2048)]


def test_an_entry_that_only_one_side_has_is_whole() -> None:
    [(name, kind, before, after)] = differences({"buckets.logs": {"purpose": "Logs"}})
    assert (name, kind, before) == ("buckets.logs", "added", None)
    assert after["purpose"] == "Logs"


def test_a_list_of_another_length_is_one_difference() -> None:
    route = {"severity": "critical", "channel": "email", "target": "team@example.com"}
    [(name, kind, before, after)] = differences({"alert_routes": [route, route | {"target": "two@example.com"}]})
    assert (name, kind, len(before), len(after)) == ("alert_routes", "changed", 1, 2)


def test_an_entry_of_a_list_is_named_by_its_place() -> None:
    found = differences({"alert_routes.0.target": "two@example.com"})
    assert found == [("alert_routes.0.target", "changed", "team@example.com", "two@example.com")]


def test_a_setting_left_out_and_its_default_do_not_differ() -> None:
    assert differences({"services.web.tier": "private"}) == []


@pytest.mark.parametrize(("before", "after"), [(True, 1), (0, False), (1, 1.0)])
def test_values_of_different_types_differ(before: Any, after: Any) -> None:
    assert compare({"a": before}, {"a": after}) == [Difference(("a",), "changed", before, after)]


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(part) for part in value] if isinstance(value, list) else value
