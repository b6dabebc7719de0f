"""What YAML lets pass and nobody means is refused, with its place in the text."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from environments_app.schema import ConfigInvalid, read_blueprint
from environments_app.schema.yaml_text import load_yaml

BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dns: {zone: a.example}\nregion: us-east-1\ndns: {}\n", "'dns' stands twice in one section"),
        ("a: {b: 1, b: 2}", "'b' stands twice in one section"),
        (BOMB, "more than 50000 values"),
        ("a: &a [*a]", "an alias that holds itself"),
        ("[" * 600, "nested too deeply"),
        ("a: [", "while parsing a flow node"),
        ("a: !!python/object:os.system {}", "could not determine a constructor for the tag"),
    ],
    ids=["twice", "twice within", "bomb", "itself", "deep", "broken", "tag"],
)
def test_it_is_refused_in_words(text: str, problem: str) -> None:
    with pytest.raises(yaml.YAMLError) as refused:
        load_yaml(text)

    assert problem in str(refused.value)


def test_the_place_of_a_name_that_stands_twice_is_said() -> None:
    with pytest.raises(yaml.MarkedYAMLError) as refused:
        load_yaml("region: us-east-1\nnetwork:\n  cidr: 10.0.0.0/16\n  cidr: 10.1.0.0/16\n")

    mark = refused.value.problem_mark
    assert mark is not None
    assert (mark.line + 1, mark.column + 1) == (4, 3)


def test_an_entry_may_override_what_is_merged_into_it() -> None:
    text = "one: &one {a: 1, b: 2}\ntwo: &two {<<: *one, b: 3}\nthree: {<<: *two, a: 4}\n"

    assert load_yaml(text)["three"] == {"a": 4, "b": 3}


def test_a_blueprint_says_so_as_a_problem() -> None:
    with pytest.raises(ConfigInvalid) as refused:
        read_blueprint("system: shop\nsystem: other\n")

    assert "'system' stands twice" in refused.value.problems[0].problem


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3),
)


@given(values)
def test_everything_else_is_read_as_it_was_written(value: object) -> None:
    assert load_yaml(yaml.safe_dump(value)) == value
