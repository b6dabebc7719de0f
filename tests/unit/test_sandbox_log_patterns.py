"""Filter patterns of CloudWatch Logs, with the examples of its user guide, and what holds for any text."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.log_patterns import PatternInvalid, extract, parse_pattern, select, split_fields

ACCESS = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
EVENT = json.dumps(
    {
        "level": "error", "took": 12.5, "status": 503, "user": {"name": "ada", "admin": True}, "tags": ["a", "b"],
        "items": [{"id": 1}, {"id": 7}], "gone": None, "host": "db.eu.example.org", "quick": False,
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "[error 400] bad request", False),
        ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", False),
        ("?ERROR ?ARGUMENTS", "[ERROR 400] BAD REQUEST", True),
        ("?ERROR ?ARGUMENTS", "[INFO 200] FINE", False),
        ("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", True),
        ("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", False),
        ("-health", "GET /up", True),
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] SERVER INTERNAL ERROR", False),
        ('"/up" -"200"', "GET /up 503", True),
        ('"say \\"hi\\""', 'they say "hi" to you', True),
        ("%GET /x[0-9]+ 5..%", "GET /x12 503", True),
        ("%GET /x[0-9]+ 5..%", "GET /xy 503", False),
    ],
)
def test_terms(pattern: str, message: str, expected: bool) -> None:
    assert parse_pattern(pattern).matches(message) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ip, id, user, timestamp, request, status_code, bytes]", True),
        ("[ip, id, user, timestamp, request, status_code]", False),
        ("[ip, user, ..., status=4*, bytes > 1000]", True),
        ("[..., status=4*, bytes < 1000]", False),
        ("[..., status=404, bytes]", True),
        ("[..., status!=404, bytes]", False),
        ("[..., status=5* || status=404, bytes]", True),
        ("[..., status=4* && status!=404, bytes]", False),
        ('[..., request="GET*", status, bytes]', True),
        ("[..., request=%html%, status, bytes]", True),
        ("[ip=127.0.0.*, ...]", True),
        ("[,,,,,status=404,]", True),
        ("[ip, ..., status, bytes >= 1534]", True),
    ],
)
def test_fields(pattern: str, expected: bool) -> None:
    assert parse_pattern(pattern).matches(ACCESS) is expected


def test_fields_give_their_values_by_name() -> None:
    values = parse_pattern("[ip, ..., request, status, bytes]").match(ACCESS)
    assert values == {"$ip": "127.0.0.1", "$request": "GET /index.html HTTP/1.0", "$status": "404", "$bytes": "1534"}
    assert extract("$bytes", ACCESS, values) == "1534"
    assert extract("1", ACCESS, values) == "1"
    assert extract("$nothing", ACCESS, values) is None


def test_quotes_and_brackets_hold_a_field_together() -> None:
    assert split_fields(ACCESS)[3:5] == ["10/Oct/2000:13:25:15 -0700", "GET /index.html HTTP/1.0"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.level = "error" }', True),
        ("{ $.level = error }", True),
        ("{ $.level = err* }", True),
        ('{ $.level != "error" }', False),
        ("{ $.took > 12 }", True),
        ("{ $.took <= 12.5 && $.status >= 500 }", True),
        ("{ $.status = 503 }", True),
        ("{ $.status = 5* }", True),
        ("{ $.status != 503 }", False),
        ("{ $.user.name = ada }", True),
        ('{ $.tags[0] = "a" }', True),
        ('{ $.tags[*] = "b" }', True),
        ("{ $.items[*].id > 5 }", True),
        ("{ $.items[0].id > 5 }", False),
        ("{ $.user.admin IS TRUE }", True),
        ("{ $.quick is false }", True),
        ("{ $.gone IS NULL }", True),
        ("{ $.level IS NULL }", False),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.level NOT EXISTS }", False),
        ("{ $.missing = 1 }", False),
        ("{ $.missing != 1 }", False),
        ("{ ($.level = info || $.level = error) && $.took < 100 }", True),
        ("{ $.level = info || $.level = error && $.took > 100 }", False),
        ("{ $.host = *.example.org }", True),
        ("{ $.host = %^db[.]% }", True),
    ],
)
def test_json(pattern: str, expected: bool) -> None:
    assert parse_pattern(pattern).matches(EVENT) is expected
    assert not parse_pattern(pattern).matches("plain words")


def test_json_values_are_extracted() -> None:
    assert extract("$.took", EVENT, {}) == "12.5"
    assert extract("$.user.name", EVENT, {}) == "ada"
    assert extract("$.nowhere", EVENT, {}) is None
    assert select(json.loads(EVENT), "$.items[*].id") == [1, 7]


@pytest.mark.parametrize(
    "pattern",
    [
        "error.log", '"not closed', "{ $.a = 1", "{ $.a }", "{ a = 1 }", "{ $.a > big }", "{ $.a = 1 && }",
        "{ ($.a = 1 }", "{ $.a IS MAYBE }", "[a, b", "[..., a, ...]", "[a=1 || b=2, c]", "%(%", "{ }",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(PatternInvalid, match=r"Invalid|compares with"):
        parse_pattern(pattern)


@given(st.text(alphabet='{}[]$.ab1=<>!&|()"%*?- ,', max_size=30), st.text(max_size=30))
def test_any_text_is_a_pattern_or_is_refused(pattern: str, message: str) -> None:
    with suppress(PatternInvalid):
        parse_pattern(pattern).match(message)


WORDS = st.text(alphabet="abcXYZ09_", min_size=1, max_size=8)


@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(WORDS, max_size=5))
def test_terms_match_what_contains_them_all_and_never_what_is_excluded(words: list[str], others: list[str]) -> None:
    message = " ".join([*others, *words])
    assert parse_pattern(" ".join(words)).matches(message)
    assert not parse_pattern(f"-{words[0]}").matches(message)
    assert parse_pattern(" ".join(f"?{word}" for word in words)).matches(message)


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_as_many_names_as_fields_match_and_give_them_back(words: list[str]) -> None:
    names = [f"f{number}" for number in range(len(words))]
    values = parse_pattern(f"[{', '.join(names)}]").match(" ".join(words))
    assert values == {f"${name}": word for name, word in zip(names, words, strict=True)}


@given(st.dictionaries(st.sampled_from("abc"), st.integers(-1000, 1000), min_size=1), st.integers(-1000, 1000))
def test_json_comparisons_are_those_of_numbers(document: dict[str, int], limit: int) -> None:
    message = json.dumps(document)
    for name, value in document.items():
        assert parse_pattern(f"{{ $.{name} > {limit} }}").matches(message) is (value > limit)
        assert parse_pattern(f"{{ $.{name} <= {limit} }}").matches(message) is (value <= limit)
        assert parse_pattern(f"{{ $.{name} = {limit} }}").matches(message) is (value == limit)
