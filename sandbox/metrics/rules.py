"""AlarmRule, the expression of a composite alarm: parsed and evaluated. Pure.

ALARM(x), OK(x), INSUFFICIENT_DATA(x), TRUE, FALSE, AND, OR, NOT and parentheses (PutCompositeAlarm). An alarm is
given by its name or ARN, with or without quotes; keywords are understood in any case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


class RuleInvalid(ValueError):
    """The rule cannot be read; the message says why."""


@dataclass(frozen=True)
class InState:
    state: str
    alarm: str


@dataclass(frozen=True)
class Constant:
    holds: bool


@dataclass(frozen=True)
class Not:
    rule: Rule


@dataclass(frozen=True)
class All:
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class AnyOf:
    rules: tuple[Rule, ...]


Rule = InState | Constant | Not | All | AnyOf

_TOKEN = re.compile(
    r"""\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"""
    r"""(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)'|(?P<bare>[^)"']+?))\s*\)"""
    r"""|(?P<word>AND|OR|NOT|TRUE|FALSE)\b|(?P<symbol>[()]))""",
    re.IGNORECASE,
)
_DEEPEST = 60


def parse_rule(text: str) -> Rule:
    """Raises RuleInvalid."""
    return _Parser(text).parse()


def alarms_in(rule: Rule) -> Iterator[str]:
    """The names or ARNs of the alarms that the rule looks at."""
    match rule:
        case InState(_, alarm):
            yield alarm
        case Not(inner):
            yield from alarms_in(inner)
        case All(rules) | AnyOf(rules):
            for each in rules:
                yield from alarms_in(each)


def holds(rule: Rule, state_of: Callable[[str], str | None]) -> bool:
    """Whether the rule is fulfilled; `state_of` answers None for an alarm that does not exist, which is in no state."""
    match rule:
        case InState(state, alarm):
            return state_of(alarm) == state
        case Constant(value):
            return value
        case Not(inner):
            return not holds(inner, state_of)
        case All(rules):
            return all(holds(each, state_of) for each in rules)
        case AnyOf(rules):
            return any(holds(each, state_of) for each in rules)


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def parse(self) -> Rule:
        rule = self._any()
        if self._at < len(self._tokens):
            raise RuleInvalid(f"AlarmRule: unexpected {self._tokens[self._at]}")
        return rule

    def _any(self) -> Rule:
        rules = [self._all()]
        while self._accept("OR"):
            rules.append(self._all())
        return rules[0] if len(rules) == 1 else AnyOf(tuple(rules))

    def _all(self) -> Rule:
        rules = [self._one()]
        while self._accept("AND"):
            rules.append(self._one())
        return rules[0] if len(rules) == 1 else All(tuple(rules))

    def _one(self) -> Rule:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RuleInvalid("AlarmRule: nested too deeply")
        rule = self._inner()
        self._depth -= 1
        return rule

    def _inner(self) -> Rule:
        if self._accept("NOT"):
            return Not(self._one())
        if self._accept("("):
            inner = self._any()
            if not self._accept(")"):
                raise RuleInvalid("AlarmRule: a parenthesis is not closed")
            return inner
        if self._at == len(self._tokens):
            raise RuleInvalid("AlarmRule: the rule ends too early")
        token = self._tokens[self._at]
        self._at += 1
        if isinstance(token, InState | Constant):
            return token
        raise RuleInvalid(f"AlarmRule: unexpected {token}")

    def _accept(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == word:
            self._at += 1
            return True
        return False


def _tokens(text: str) -> Iterator[str | InState | Constant]:
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise RuleInvalid(f"AlarmRule: cannot read {text[at:].strip()[:40]!r}")
        at = match.end()
        if state := match["state"]:
            yield InState(state.upper(), match["double"] or match["single"] or match["bare"])
        elif word := match["word"]:
            yield Constant(word.upper() == "TRUE") if word.upper() in ("TRUE", "FALSE") else word.upper()
        else:
            yield match["symbol"]
