"""Outputs are shown as values with names, never as one text of JSON, and what is sensitive not at all."""

from environments_app.terraform.plan import SENSITIVE
from environments_app.views.outputs import Output, read_outputs


def only(value: object) -> Output:
    (found,) = read_outputs({"it": value})
    return found


def test_single_values_are_shown_as_they_are() -> None:
    assert only("http://lb.test").text == only("http://lb.test").copied == "http://lb.test"
    assert only(3).text == "3"
    assert only(True).text == "true"
    assert only(0).copied == "0"
    assert only(False).copied == "false"


def test_nothing_is_said_to_be_none_and_cannot_be_copied() -> None:
    nothings: list[object] = [None, "", [], {}]
    for nothing in nothings:
        assert only(nothing) == Output("it", text="none")


def test_what_has_parts_is_named_part_by_part() -> None:
    value = {"web": {"port": 80, "zones": ["a", "b"], "extra": {}}, "api": {"containers": [{"name": "x"}]}}
    assert only(value).parts == (
        ("api.containers 1.name", "x"),
        ("web.extra", "none"),
        ("web.port", "80"),
        ("web.zones 1", "a"),
        ("web.zones 2", "b"),
    )
    assert only(["a", "b"]).parts == (("1", "a"), ("2", "b"))
    assert only(["b", "a"]).copied == '[\n  "b",\n  "a"\n]'


def test_only_long_ones_are_folded() -> None:
    assert not only(list("abcdef")).is_folded
    assert only(list("abcdefg")).is_folded


def test_what_is_sensitive_is_neither_shown_nor_copied() -> None:
    assert only(SENSITIVE) == Output("it", is_hidden=True)


def test_outputs_stand_by_name() -> None:
    assert [each.name for each in read_outputs({"b": 1, "a": 2})] == ["a", "b"]
