"""Filter patterns of CloudWatch Logs: a pure parser and matcher, after the user guide's "Filter pattern syntax".

Three kinds: terms (`ERROR -debug`, `?ERROR ?WARN`, `"a phrase"`, `%regex%`), space-delimited fields
(`[ip, ..., status=5*, bytes > 1000]`) and JSON (`{ $.level = "error" && $.took > 3 }`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Values = dict[str, str]


class PatternInvalid(ValueError):
    """The pattern cannot be read; the message says why."""


@dataclass(frozen=True)
class Pattern:
    """`match` answers the values that a message gives to the pattern's names, None where it does not match."""

    match: Callable[[str], Values | None]

    def matches(self, message: str) -> bool:
        return self.match(message) is not None


@cache
def parse_pattern(text: str) -> Pattern:
    """Raises PatternInvalid. An empty pattern matches everything."""
    stripped = text.strip()
    if stripped.startswith("{"):
        return _json_pattern(stripped)
    if stripped.startswith("["):
        return _fields_pattern(stripped)
    return _terms_pattern(stripped)


def _regex(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise PatternInvalid(f"Invalid regular expression {text!r}: {error}") from error


# -- terms -------------------------------------------------------------------------------------------------------

_TERM = re.compile(
    r"""\s*(?P<sign>[-?]?)(?:"(?P<phrase>(?:\\.|[^"\\])*)"|%(?P<regex>[^%]+)%|(?P<word>[^\s"%]+))(?=\s|$)"""
)
_WORD = re.compile(r"^\w+$")


def _terms_pattern(text: str) -> Pattern:
    """All plain terms, none of the excluded ones; optional ones (?) count only where there is no plain one."""
    plain: list[Callable[[str], bool]] = []
    excluded: list[Callable[[str], bool]] = []
    optional: list[Callable[[str], bool]] = []
    at = 0
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None:
            raise PatternInvalid(f"Invalid filter pattern at {text[at : at + 20].strip()!r}: is a quote missing?")
        at = found.end()
        {"": plain, "-": excluded, "?": optional}[found["sign"]].append(_term(found))

    def match(message: str) -> Values | None:
        wanted = all(term(message) for term in plain)
        if not plain and optional:
            wanted = any(term(message) for term in optional)
        return {} if wanted and not any(term(message) for term in excluded) else None

    return Pattern(match)


def _term(found: re.Match[str]) -> Callable[[str], bool]:
    if found["regex"]:
        regex = _regex(found["regex"])
        return lambda message: regex.search(message) is not None
    if found["phrase"] is not None:
        phrase = re.sub(r"\\(.)", r"\1", found["phrase"])
        return lambda message: phrase in message
    word = found["word"]
    if not _WORD.match(word):
        raise PatternInvalid(f"Invalid character(s) in term '{word}'")
    return lambda message: word in message


# -- conditions, which fields and JSON have in common --------------------------------------------------------------

_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


def _number(text: Any) -> float | None:
    if isinstance(text, bool):
        return None
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _comparison(operator: str, wanted: str, *, quoted: bool, regex: bool) -> Callable[[Any], bool]:
    """Whether a value compares so. `*` stands for anything, in texts that are not quoted too."""
    if operator in _OPERATORS:
        return _inequality(operator, None if quoted else _number(wanted), wanted)
    if regex:
        expression = _regex(wanted)

        def equal(value: Any) -> bool:
            return isinstance(value, str | int | float) and expression.search(_text(value)) is not None

    else:
        limit = None if quoted else _number(wanted)
        shape = re.compile(".*".join(re.escape(part) for part in wanted.split("*")), re.DOTALL)

        def equal(value: Any) -> bool:
            if limit is not None and (number := _number(value)) is not None:
                return number == limit
            return isinstance(value, str | int | float) and shape.fullmatch(_text(value)) is not None

    return equal if operator == "=" else lambda value: not equal(value)


def _inequality(operator: str, limit: float | None, wanted: str) -> Callable[[Any], bool]:
    if limit is None:
        raise PatternInvalid(f"{operator} compares with a number, not with {wanted!r}")
    compare = _OPERATORS[operator]
    return lambda value: (number := _number(value)) is not None and compare(number, limit)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


_CONDITION_TOKEN = re.compile(
    r"""\s*(?:(?P<symbol>&&|\|\||!=|<=|>=|[=<>()])|"(?P<quoted>(?:\\.|[^"\\])*)"|%(?P<regex>[^%]+)%"""
    r"""|(?P<selector>\$(?:\.[\w-]+|\.\*|\[(?:\d+|\*)\]|\["[^"]+"\])*)|(?P<word>[^\s=<>!&|(),"{}]+))"""
)
Token = tuple[str, str]
Test = Callable[[Any], bool]
_DEEPEST = 60


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text.rstrip()):
        found = _CONDITION_TOKEN.match(text, at)
        if found is None:
            raise PatternInvalid(f"Invalid filter pattern at {text[at:].strip()[:20]!r}")
        at = found.end()
        kind = str(found.lastgroup)
        yield kind, re.sub(r"\\(.)", r"\1", found[kind]) if kind == "quoted" else found[kind]


class _Conditions:
    """Conditions joined by && and ||, parenthesised. `read` reads one condition from the tokens."""

    def __init__(self, text: str, read: Callable[[_Conditions], Test]) -> None:
        self._tokens = list(_tokens(text))
        self._read = read
        self._at = 0
        self._depth = 0

    def parse(self) -> Test:
        test = self._any()
        if self._at < len(self._tokens):
            raise PatternInvalid(f"Invalid filter pattern: unexpected {self._tokens[self._at][1]!r}")
        return test

    def take(self) -> Token:
        if self._at == len(self._tokens):
            raise PatternInvalid("Invalid filter pattern: it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def accept(self, kind: str, text: str) -> bool:
        """Take the next token if it is this one; words in any case."""
        if self._at < len(self._tokens):
            found = self._tokens[self._at]
            if found[0] == kind and found[1].upper() == text:
                self._at += 1
                return True
        return False

    def value(self) -> tuple[str, bool, bool]:
        """A literal: its text, whether it was quoted, whether it is a regular expression."""
        kind, text = self.take()
        if kind not in ("quoted", "regex", "word"):
            raise PatternInvalid(f"Invalid filter pattern: {text!r} is no value")
        return text, kind == "quoted", kind == "regex"

    def _any(self) -> Test:
        tests = [self._all()]
        while self.accept("symbol", "||"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self.accept("symbol", "&&"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)

    def _one(self) -> Test:
        if not self.accept("symbol", "("):
            return self._read(self)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise PatternInvalid("Invalid filter pattern: nested too deeply")
        inner = self._any()
        self._depth -= 1
        if not self.accept("symbol", ")"):
            raise PatternInvalid("Invalid filter pattern: a parenthesis is not closed")
        return inner


# -- JSON --------------------------------------------------------------------------------------------------------

_STEP = re.compile(r"""\.([\w-]+|\*)|\[(\d+|\*)\]|\["([^"]+)"\]""")


def _json_pattern(text: str) -> Pattern:
    if not text.endswith("}"):
        raise PatternInvalid("Invalid filter pattern: a JSON pattern ends with }")
    test = _Conditions(text[1:-1], _json_condition).parse()

    def match(message: str) -> Values | None:
        document = _document(message)
        return {} if document is not None and test(document) else None

    return Pattern(match)


def _document(message: str) -> Any:
    """The JSON object or array that the message is; None for all others."""
    if not message.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(message)
    except ValueError:
        return None


def _json_condition(parser: _Conditions) -> Test:
    kind, selector = parser.take()
    if kind != "selector":
        raise PatternInvalid(f"Invalid filter pattern: {selector!r} is no property selector such as $.level")
    if parser.accept("word", "NOT"):
        if not parser.accept("word", "EXISTS"):
            raise PatternInvalid("Invalid filter pattern: NOT is followed by EXISTS")
        return lambda document: not select(document, selector)
    if parser.accept("word", "EXISTS"):
        return lambda document: bool(select(document, selector))
    if parser.accept("word", "IS"):
        return _is(selector, parser.take()[1].upper())
    kind, operator = parser.take()
    if kind != "symbol" or operator not in ("=", "!=", *_OPERATORS):
        raise PatternInvalid(f"Invalid filter pattern: {operator!r} is no comparison")
    wanted, quoted, regex = parser.value()
    compare = _comparison(operator, wanted, quoted=quoted, regex=regex)
    return lambda document: any(compare(value) for value in select(document, selector))


def _is(selector: str, what: str) -> Test:
    wanted = {"NULL": None, "TRUE": True, "FALSE": False}
    if what not in wanted:
        raise PatternInvalid("Invalid filter pattern: IS is followed by NULL, TRUE or FALSE")
    return lambda document: any(value is wanted[what] for value in select(document, selector))


def select(document: Any, selector: str) -> list[Any]:
    """What `$.a.b[0]` or `$.list[*].c` names in a document; nothing where it is not there."""
    found = [document]
    for name, index, quoted in _STEP.findall(selector):
        following: list[Any] = []
        for value in found:
            if isinstance(value, dict):
                following += (
                    value.values() if name == "*" else [value[key] for key in (name or quoted,) if key in value]
                )
            elif isinstance(value, list) and index:
                following += value if index == "*" else value[int(index) : int(index) + 1]
        found = following
    return found


# -- space-delimited fields ----------------------------------------------------------------------------------------

_FIELD = re.compile(r"""\[(?P<bracketed>[^\]]*)\]|"(?P<quoted>[^"]*)"|(?P<plain>\S+)""")
_NAME = re.compile(r"^\s*(?P<name>\w+)\s*(?P<condition>.*)$", re.DOTALL)
_ELLIPSIS = "..."


def split_fields(message: str) -> list[str]:
    """What is between spaces; what is in quotes or square brackets is one field."""
    return [str(found[str(found.lastgroup)]) for found in _FIELD.finditer(message)]


def _fields_pattern(text: str) -> Pattern:
    if not text.endswith("]"):
        raise PatternInvalid("Invalid filter pattern: a pattern of fields ends with ]")
    parts = [part.strip() for part in _split_commas(text[1:-1])]
    if parts.count(_ELLIPSIS) > 1:
        raise PatternInvalid("Invalid filter pattern: ... may stand once")
    names: list[str] = []
    tests: list[Test] = []
    for number, part in enumerate(parts, 1):
        name, test = ("", _always) if part == _ELLIPSIS else _field(part, number)
        names.append(name)
        tests.append(test)
    at = parts.index(_ELLIPSIS) if _ELLIPSIS in parts else None

    def match(message: str) -> Values | None:
        fields = _aligned(split_fields(message), len(parts), at)
        if fields is None or not all(test(value) for test, value in zip(tests, fields, strict=True)):
            return None
        return {f"${name}": value for name, value in zip(names, fields, strict=True) if name}

    return Pattern(match)


def _aligned(fields: list[str], wanted: int, ellipsis_at: int | None) -> list[str] | None:
    """One value per part of the pattern; the ellipsis takes as many fields as there are to spare."""
    if ellipsis_at is None:
        return fields if len(fields) == wanted else None
    spare = len(fields) - (wanted - 1)
    if spare < 0:
        return None
    return [*fields[:ellipsis_at], "", *fields[ellipsis_at + spare :]]


def _always(value: Any) -> bool:
    return True


def _field(part: str, number: int) -> tuple[str, Test]:
    """`status=5*` -> its name and whether a value is right; a part without a name is called by its number."""
    if not part:
        return str(number), _always
    found = _NAME.match(part)
    if found is None:
        raise PatternInvalid(f"Invalid filter pattern: {part!r} is no field")
    if not found["condition"].strip():
        return found["name"], _always
    name = found["name"]

    def condition(parser: _Conditions) -> Test:
        kind, word = parser.take()
        if kind != "word" or word != name:
            raise PatternInvalid(f"Invalid filter pattern: expected {name!r}, found {word!r}")
        kind, operator = parser.take()
        if kind != "symbol" or operator not in ("=", "!=", *_OPERATORS):
            raise PatternInvalid(f"Invalid filter pattern: {operator!r} is no comparison")
        wanted, quoted, regex = parser.value()
        return _comparison(operator, wanted, quoted=quoted, regex=regex)

    return name, _Conditions(part, condition).parse()


def _split_commas(text: str) -> list[str]:
    """At commas outside of quotes."""
    return re.split(r""",(?=(?:[^"]*"[^"]*")*[^"]*$)""", text)


# -- what a metric filter takes from a message ---------------------------------------------------------------------


def extract(expression: str, message: str, values: Values) -> str | None:
    """`$.took` of a JSON message, `$status` of a field's name, or the text itself; None where it is not there."""
    if expression.startswith(("$.", "$[")):
        found = select(_document(message), expression)
        return _text(found[0]) if found and isinstance(found[0], str | int | float) else None
    return values.get(expression) if expression.startswith("$") else expression
