"""Metric math: the grammar. A pure parser from text to a small tree; math.py computes it.

As CloudWatch's user guide has it ("Using metric math"): arithmetic (+ - * / ^), comparisons, AND/OR (&&, ||),
function calls, arrays `[m1, m2]`, numbers, strings and the ids of other queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


class ExpressionInvalid(ValueError):
    """The expression cannot be read or computed; the message says why."""


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Name:
    """The id of another query, or a keyword of a function such as REPEAT."""

    name: str


@dataclass(frozen=True)
class Array:
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Operation:
    operator: str
    left: Expression
    right: Expression


Expression = Number | Text | Name | Array | Call | Operation

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<text>"[^"]*"|'[^']*')|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<symbol>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]]))"""
)
_SAME_AS = {"AND": "&&", "OR": "||"}
# From what binds least to what binds most; all of them from left to right, as in the user guide's order.
_LEVELS = (("||",), ("&&",), ("==", "!=", "<", ">", "<=", ">="), ("+", "-"), ("*", "/"), ("^",))
_DEEPEST = 60


def parse(text: str) -> Expression:
    """Raises ExpressionInvalid."""
    return _Parser(text).parse()


def names_in(expression: Expression) -> Iterator[str]:
    """The names that the expression mentions."""
    match expression:
        case Name(name):
            yield name
        case Array(items) | Call(_, items):
            for item in items:
                yield from names_in(item)
        case Operation(_, left, right):
            yield from names_in(left)
            yield from names_in(right)


class _Parser:
    """Recursive descent, one method per kind of part."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def parse(self) -> Expression:
        expression = self._level(0)
        if self._at < len(self._tokens):
            raise ExpressionInvalid(f"unexpected {self._tokens[self._at][1]!r}")
        return expression

    def _level(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._signed()
        left = self._level(level + 1)
        while self._peek() in _LEVELS[level]:
            operator = self._take()[1]
            left = Operation(operator, left, self._level(level + 1))
        return left

    def _signed(self) -> Expression:
        if self._peek() == "-":
            self._take()
            return Operation("-", Number(0.0), self._signed())
        return self._atom()

    def _atom(self) -> Expression:
        match self._take():
            case "number", digits:
                return Number(float(digits))
            case "text", quoted:
                return Text(quoted[1:-1])
            case "name", name if self._peek() == "(":
                self._take()
                return Call(name.upper(), self._until(")"))
            case "name", name:
                return Name(name)
            case _, "[":
                return Array(self._until("]"))
            case _, "(":
                inner = self._nested()
                self._expect(")")
                return inner
            case _, other:
                raise ExpressionInvalid(f"unexpected {other!r}")

    def _nested(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionInvalid("the expression is nested too deeply")
        inner = self._level(0)
        self._depth -= 1
        return inner

    def _until(self, end: str) -> tuple[Expression, ...]:
        items: list[Expression] = []
        while self._peek() != end:
            if items:
                self._expect(",")
            items.append(self._nested())
        self._take()
        return tuple(items)

    def _peek(self) -> str | None:
        """The next symbol; None where there is none, or something else."""
        if self._at == len(self._tokens):
            return None
        kind, token = self._tokens[self._at]
        return token if kind == "symbol" else None

    def _take(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise ExpressionInvalid("the expression ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, symbol: str) -> None:
        if self._take()[1] != symbol:
            raise ExpressionInvalid(f"expected {symbol!r}, found {self._tokens[self._at - 1][1]!r}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionInvalid(f"unexpected character {text[at:].lstrip()[:1]!r}")
        kind = str(match.lastgroup)
        token = match[kind]
        at = match.end()
        if kind == "name" and token.upper() in _SAME_AS:
            yield "symbol", _SAME_AS[token.upper()]
        else:
            yield kind, token
