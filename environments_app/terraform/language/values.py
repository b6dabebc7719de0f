"""Values that are written out (a variable's default), and type constraints, from their tokens. Pure.

Types as in Terraform's documentation, "Type Constraints"; what a type takes is what Terraform converts to it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from environments_app.terraform.language.tokens import Token, Unreadable, tokens_of

COLLECTIONS = frozenset({"list", "set", "map"})
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


class NotWrittenOut(Exception):
    """The expression is only known when Terraform evaluates it."""


@dataclass(frozen=True)
class Type:
    """A type constraint. kind: any, string, number, bool, list, set, map, tuple or object."""

    kind: str
    inner: "Type | None" = None
    items: "tuple[Type, ...]" = ()
    attributes: "Mapping[str, tuple[Type, bool]]" = field(default_factory=dict)
    """Of an object: type, and whether it may be left out."""

    def __str__(self) -> str:
        if self.inner:
            return f"{self.kind}({self.inner})"
        if self.kind == "tuple":
            return f"tuple([{', '.join(map(str, self.items))}])"
        if self.kind == "object":
            named = (f"{name} = {f'optional({t})' if left else t}" for name, (t, left) in self.attributes.items())
            return f"object({{ {', '.join(named)} }})"
        return self.kind


@dataclass(frozen=True)
class Mismatch:
    """A value that its type does not take: where in it (".cidr", "[0]"), what, and what would be right."""

    where: str
    problem: str
    expected: str


ANY = Type("any")


def type_of(tokens: Sequence[Token]) -> Type:
    """The constraint that a variable's `type` says. Raises NotWrittenOut."""
    if len(tokens) == 1 and (quoted := tokens[0].literal) is not None:  # the JSON syntax, and the old native one
        try:
            tokens = tokens_of(quoted)
        except Unreadable as error:
            raise NotWrittenOut from error
    reader = _Reader(tokens)
    return reader.whole(reader.type())


def value_of(tokens: Sequence[Token]) -> Any:
    """The value that an expression writes out, as JSON knows it. Raises NotWrittenOut."""
    reader = _Reader(tokens)
    return reader.whole(reader.value())


def entries_of(tokens: Sequence[Token]) -> dict[str, tuple[Token, ...]]:
    """The entries of an object whose keys are written out, each once; their values may be any expression.

    Raises NotWrittenOut.
    """
    reader = _Reader(tokens)
    return reader.whole(reader.entries())


def mismatches(kind: Type, value: Any, where: str = "") -> Iterator[Mismatch]:
    """Everything in the value that the type does not take."""
    if value is None or kind.kind == "any":
        return
    match kind.kind:
        case "string" | "number" | "bool":
            if not _converts(kind.kind, value):
                yield Mismatch(where, f"{_shown(value)} is no {kind.kind}", f"a {kind}")
        case "list" | "set":
            if not isinstance(value, list):
                yield Mismatch(where, f"{_shown(value)} is no list", f"a {kind}")
                return
            for index, item in enumerate(value):
                yield from mismatches(kind.inner or ANY, item, f"{where}[{index}]")
        case "tuple":
            if not isinstance(value, list) or len(value) != len(kind.items):
                yield Mismatch(where, f"{_shown(value)} is no list of {len(kind.items)}", f"a {kind}")
                return
            for index, (item, item_kind) in enumerate(zip(value, kind.items, strict=True)):
                yield from mismatches(item_kind, item, f"{where}[{index}]")
        case "map" | "object" if not isinstance(value, dict):
            yield Mismatch(where, f"{_shown(value)} is no mapping", f"a {kind}")
        case "map":
            for name, item in value.items():
                yield from mismatches(kind.inner or ANY, item, f"{where}.{name}")
        case "object":
            yield from _object(kind, value, where)


def _object(kind: Type, value: Mapping[str, Any], where: str) -> Iterator[Mismatch]:
    for name, (item_kind, may_be_left_out) in kind.attributes.items():
        if name in value:
            yield from mismatches(item_kind, value[name], f"{where}.{name}")
        elif not may_be_left_out:
            yield Mismatch(f"{where}.{name}", "is missing", f"a {item_kind}")
    for name in value.keys() - kind.attributes.keys():
        yield Mismatch(f"{where}.{name}", "there is no such attribute", f"one of {', '.join(kind.attributes)}")


def _converts(kind: str, value: Any) -> bool:
    if kind == "string":
        return isinstance(value, str | int | float | bool)
    if kind == "bool":
        return isinstance(value, bool) or value in ("true", "false")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number or (isinstance(value, str) and _NUMBER.fullmatch(value) is not None)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class _Reader:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens, self._at = tokens, 0

    def _peek(self, *, past_newlines: bool = True) -> Token:
        while past_newlines and self._at < len(self._tokens) and self._tokens[self._at].kind == "newline":
            self._at += 1
        if self._at >= len(self._tokens):
            raise NotWrittenOut
        return self._tokens[self._at]

    def _take(self, *, past_newlines: bool = True) -> Token:
        token = self._peek(past_newlines=past_newlines)
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        if self._take().text != text:
            raise NotWrittenOut

    def _skip(self, text: str) -> bool:
        if self._peek().text == text:
            self._at += 1
            return True
        return False

    def whole(self, result: Any) -> Any:
        """The result, if nothing but line ends follows it."""
        if any(token.kind != "newline" for token in self._tokens[self._at :]):
            raise NotWrittenOut
        return result

    def type(self) -> Type:
        name = self._take()
        if name.kind != "name":
            raise NotWrittenOut
        if name.text in COLLECTIONS:
            if self._at >= len(self._tokens) or self._peek(past_newlines=False).text != "(":
                return Type(name.text, ANY)  # the old form without an element type
            self._expect("(")
            inner = self.type()
            self._expect(")")
            return Type(name.text, inner)
        if name.text == "tuple":
            self._expect("(")
            self._expect("[")
            items: list[Type] = []
            while not self._skip("]"):
                items.append(self.type())
                self._skip(",")
            self._expect(")")
            return Type("tuple", items=tuple(items))
        if name.text == "object":
            self._expect("(")
            self._expect("{")
            attributes = self._attributes()
            self._expect(")")
            return Type("object", attributes=attributes)
        if name.text in {"string", "number", "bool", "any"}:
            return Type(name.text)
        raise NotWrittenOut

    def _attributes(self) -> dict[str, tuple[Type, bool]]:
        attributes: dict[str, tuple[Type, bool]] = {}
        while not self._skip("}"):
            name = self._key()
            if self._peek().text == "optional":
                self._take()
                self._expect("(")
                kind = self.type()
                self._skip_default()
                attributes[name] = (kind, True)
            else:
                attributes[name] = (self.type(), False)
            self._skip(",")
        return attributes

    def _skip_default(self) -> None:
        """The rest of `optional(TYPE, DEFAULT)`, which may be any expression."""
        depth = 1
        while depth:
            token = self._take()
            if token.kind == "sign":
                depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})

    def _key(self) -> str:
        key = self._take()
        name = key.text if key.kind in {"name", "number"} else key.literal
        if name is None or self._take().text not in {"=", ":"}:
            raise NotWrittenOut
        return name

    def value(self) -> Any:
        token = self._take()
        if token.kind == "string" and token.literal is not None:
            return token.literal
        if token.kind == "number":
            return float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
        if token.kind == "name" and token.text in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[token.text]
        if token.text == "-" and self._peek().kind == "number":
            return -self.value()
        if token.text == "[":
            items: list[Any] = []
            while not self._skip("]"):
                items.append(self.value())
                self._skip(",")
            return items
        if token.text == "{":
            entries: dict[str, Any] = {}
            while not self._skip("}"):
                name = self._key()
                entries[name] = self.value()
                self._skip(",")
            return entries
        raise NotWrittenOut

    def entries(self) -> dict[str, tuple[Token, ...]]:
        self._expect("{")
        entries: dict[str, tuple[Token, ...]] = {}
        while not self._skip("}"):
            name = self._key()
            if name in entries:
                raise NotWrittenOut
            entries[name] = self._expression()
            self._skip(",")
        return entries

    def _expression(self) -> tuple[Token, ...]:
        """Up to what ends an object's entry; whatever is in brackets belongs to it."""
        found: list[Token] = []
        depth = 0
        while True:
            token = self._peek(past_newlines=False)
            if depth == 0 and (token.kind == "newline" or (token.kind == "sign" and token.text in {",", "}"})):
                return tuple(found)
            if token.kind == "sign":
                depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
            found.append(token)
            self._at += 1
