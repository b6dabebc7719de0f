"""A wrong configuration is refused with all of its problems at once, each saying what would be right."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments_app.schema import ConfigInvalid, Problem, canonical, parse
from tests.unit import wrong_access, wrong_services, wrong_stores_and_edge
from tests.unit.schema_document import document

WRONG = [*wrong_services.WRONG, *wrong_stores_and_edge.WRONG, *wrong_access.WRONG]


@pytest.mark.parametrize(("changes", "expected"), WRONG, ids=[problem[0] + "~" + problem[1] for _, problem in WRONG])
def test_each_wrong_setting_gives_its_one_problem(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse(document(changes))

    assert refused.value.problems == [Problem(*expected)]


def test_the_document_that_the_cases_change_is_valid() -> None:
    assert parse(document()).services["web"].memory_mib == 1024


def test_problems_of_values_and_of_rules_come_together() -> None:
    changes = {
        "database.storage_gib": 5,
        "services.web.min_count": 5,
        "network.subnets.public.1": "10.1.2.0/24",
        "alarms.errors.treshold": 1,
    }

    with pytest.raises(ConfigInvalid) as refused:
        parse(document(changes))

    assert {problem.path for problem in refused.value.problems} == {
        "database.storage_gib",
        "services.web.min_count",
        "network.subnets.public.1",
        "alarms.errors.treshold",
    }


SECTIONS = ["region", "network", "compute", "services", "database", "cache", "waf", "buckets", "secrets", "alarms"]


@pytest.mark.parametrize("section", SECTIONS)
def test_an_unreadable_section_gives_no_problem_elsewhere(section: str) -> None:
    zones = {"network.zones": ["eu-west-1a", "eu-west-1b"]} if section != "network" else {}

    with pytest.raises(ConfigInvalid) as refused:
        parse(document(zones | {section: 7}))

    assert [problem.path for problem in refused.value.problems] == [section]


def test_several_wrong_values_in_one_list_are_each_named() -> None:
    routes = [{"severity": "high", "channel": "pigeon", "target": "x"}, {"severity": "info"}]

    with pytest.raises(ConfigInvalid) as refused:
        parse(document({"alert_routes": routes}))

    assert {problem.path for problem in refused.value.problems} == {
        "alert_routes.0.severity",
        "alert_routes.0.channel",
        "alert_routes.1.channel",
        "alert_routes.1.target",
    }


def _places(value: Any, path: tuple[str, ...] = ()) -> list[str]:
    """Dotted paths of everything in a document."""
    here = [".".join(path)] if path else []
    if isinstance(value, dict):
        return here + [place for key, part in value.items() for place in _places(part, (*path, key))]
    if isinstance(value, list):
        return here + [place for index, part in enumerate(value) for place in _places(part, (*path, str(index)))]
    return here


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    scalars, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3)
)


@given(st.dictionaries(st.sampled_from(_places(document())), anything, min_size=1, max_size=4))
def test_whatever_stands_in_a_document_it_is_read_or_refused_with_reasons(changes: dict[str, Any]) -> None:
    # shorter paths last, so that no change lands inside the value of another
    ordered = dict(sorted(changes.items(), key=lambda change: -len(change[0])))
    problems: list[Problem] = []
    config = None
    try:
        config = parse(document(ordered))
    except ConfigInvalid as refused:
        problems = refused.problems

    assert config is None or parse(canonical(config)) == config
    assert config is not None or (problems and all(problem.problem and problem.expected for problem in problems))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_are_finite(value: float) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse(document({"alarms.errors.threshold": value}))

    assert [problem.path for problem in refused.value.problems] == ["alarms.errors.threshold"]


def test_a_problem_reads_as_one_line() -> None:
    problem = Problem("network.cidr", "a VPC cannot be a /8", "a block between /16 and /28")

    assert str(problem) == "network.cidr: a VPC cannot be a /8; expected: a block between /16 and /28"
