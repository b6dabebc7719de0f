"""Variables are typed from the root module's own declarations: what does not fit is said before Terraform runs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments_app.schema.own_terraform import OwnTerraform
from environments_app.terraform.language.blocks import read_file
from environments_app.terraform.language.tokens import tokens_of
from environments_app.terraform.language.values import NotWrittenOut, Type, mismatches, type_of, value_of
from environments_app.terraform.variables import Variable, declared, problems


def variables(text: str, name: str = "variables.tf") -> list[Variable]:
    return declared({name: read_file(name, text)})


def said(text: str, secrets: dict[str, Any] | None = None, **values: Any) -> list[str]:
    own = OwnTerraform(source="/code", variables=values, secret_variables=secrets or {})
    return [str(problem) for problem in problems(own, variables(text))]


@pytest.mark.parametrize(
    ("kind", "right", "wrong", "where"),
    [
        ("string", ["a", 1, True], [], ""),
        ("string", [], [["a"], {"a": 1}], ""),
        ("number", [1, 1.5, "2", "-1e3"], ["two", True, []], ""),
        ("bool", [True, "false"], ["yes", 1], ""),
        ("any", [1, "a", [1, "b"], {"a": None}], [], ""),
        ("list(number)", [[], [1, "2"]], ["1", {"a": 1}], ""),
        ("set(string)", [["a", "b"]], [1], ""),
        ("map(bool)", [{}, {"a": True}], [[True]], ""),
        ("list(number)", [], [[1, "b"]], "[1]"),
        ("map(list(number))", [], [{"a": [1, "b"]}], ".a[1]"),
        ("tuple([string, number])", [["a", 1]], [["a"], ["a", 1, 2]], ""),
        ("tuple([string, number])", [], [["a", "b"]], "[1]"),
        ("object({ a = string, b = optional(number, 1) })", [{"a": "x"}, {"a": "x", "b": 2}], ["a"], ""),
        ("object({ a = string, b = optional(number) })", [], [{"b": 1}], ".a"),
        ("object({ a = string })", [], [{"a": "x", "c": 1}], ".c"),
    ],
)
def test_types(kind: str, right: list[Any], wrong: list[Any], where: str) -> None:
    read = type_of(tokens_of(kind))
    for value in right:
        assert list(mismatches(read, value)) == []
    for value in wrong:
        assert [mismatch.where for mismatch in mismatches(read, value)] == [where], value


def test_a_declaration_is_read_whole() -> None:
    (read,) = variables(
        'variable "zones" {\n  type = list(object({\n    name = string # of AWS\n    spare = optional(bool, false)\n'
        '  }))\n  description = "Zones."\n  default = [{ name = "a" }]\n  nullable = false\n'
        '  validation {\n    condition = length(var.zones) > 0\n    error_message = "At least one."\n  }\n}\n'
    )
    assert read.to_json() == {
        "name": "zones",
        "type": "list(object({ name = string, spare = optional(bool) }))",
        "description": "Zones.",
        "required": False,
        "default": '[{"name": "a"}]',
        "sensitive": False,
        "nullable": False,
        "validations": ["At least one."],
    }
    assert Variable.from_json(read.to_json()) == read


def test_the_json_syntax_declares_the_same() -> None:
    (read,) = variables('{"variable": {"n": {"type": "list(number)", "default": [1, 2]}}}', "variables.tf.json")
    assert (str(read.kind), read.default) == ("list(number)", "[1, 2]")


def test_every_problem_has_its_path() -> None:
    text = (
        'variable "zone_count" {\n  type = number\n}\nvariable "token" {\n  sensitive = true\n}\n'
        'variable "name" {\n  type = string\n  nullable = false\n  default = "a"\n}\n'
        'variable "owner" {\n  type = string\n  description = "Who owns it."\n}\n'
    )
    assert said(text, zonecount=2, zone_count="two", token="t", name=None) == [
        "terraform.variables.zonecount: the root module has no such variable; expected: 'zone_count', perhaps",
        "terraform.variables.name: may not be null; expected: a string",
        "terraform.variables.owner: is missing; expected: a string: Who owns it.",
        "terraform.variables.token: a sensitive value in the open; expected: terraform.secret_variables.token",
        "terraform.variables.zone_count: 'two' is no number; expected: a number",
    ]


def test_a_sensitive_variable_comes_from_where_its_value_lies() -> None:
    text = 'variable "token" {\n  type = string\n  sensitive = true\n}\n'
    assert said(text, {"token": {"name": "shop/token"}}) == []
    assert said(text) == ["terraform.secret_variables.token: is missing; expected: where its value lies"]
    (read,) = variables('variable "token" {\n  sensitive = true\n  default = "hush"\n}\n')
    assert "hush" not in str(read.to_json())


def test_what_only_terraform_can_tell_is_left_to_its_plan() -> None:
    text = 'variable "a" {\n  type = local.kind\n  default = upper("a")\n}\n'
    (read,) = variables(text)
    assert (str(read.kind), read.default) == ("any", "(known when it runs)")
    with pytest.raises(NotWrittenOut):
        value_of(tokens_of("1 + 1"))


NAMES = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(lambda name: name != "optional")
TYPES = st.recursive(
    st.sampled_from(["any", "string", "number", "bool"]).map(Type),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["list", "set", "map"]), inner).map(lambda pair: Type(pair[0], pair[1])),
        st.lists(inner, max_size=3).map(lambda items: Type("tuple", items=tuple(items))),
        st.dictionaries(NAMES, st.tuples(inner, st.booleans()), max_size=3).map(
            lambda attributes: Type("object", attributes=attributes)
        ),
    ),
    max_leaves=8,
)
CONTROL = "".join(map(chr, [*range(9), 11, 12, *range(14, 32), 127]))  # refused, wherever they stand
READABLE = st.characters(exclude_characters="$%" + CONTROL)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(READABLE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(TYPES)
def test_a_type_reads_as_it_is_written(kind: Type) -> None:
    assert type_of(tokens_of(str(kind))) == kind


@given(VALUES)
def test_a_value_that_is_written_out_is_read_as_it_is(value: Any) -> None:
    assert value_of(tokens_of(_hcl(value))) == value


def _hcl(value: Any) -> str:
    if isinstance(value, dict):
        return "{\n" + "".join(f"{name} = {_hcl(inner)}\n" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_hcl, value)) + "]"
    if isinstance(value, str):
        escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
        return '"' + "".join(escapes.get(character, character) for character in value) + '"'
    return {None: "null", True: "true", False: "false"}.get(value, str(value)) if not _is_int(value) else str(value)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
