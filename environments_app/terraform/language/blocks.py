"""A Terraform file as blocks and attributes, from the native syntax and from the JSON syntax alike."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from environments_app.terraform.language.tokens import Token, Unreadable, template_of, tokens_of

LABELS = {
    "resource": 2, "data": 2, "ephemeral": 2, "action": 2, "list": 2, "module": 1, "provider": 1, "variable": 1,
    "output": 1, "check": 1, "backend": 1, "provisioner": 1, "dynamic": 1, "provider_meta": 1,
}  # fmt: skip
"""How many names stand before a block's body (the JSON syntax nests as many objects)."""

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
"""A text of JSON, which never holds the end of a line."""


@dataclass(frozen=True)
class Attribute:
    """`name = expression`, the expression as tokens."""

    name: str
    line: int
    tokens: tuple[Token, ...]

    @property
    def literal(self) -> str | None:
        """The text where the expression is one string that interpolates nothing."""
        return self.tokens[0].literal if len(self.tokens) == 1 else None


@dataclass
class Body:
    """What stands in a file or in a block."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: "list[Block]" = field(default_factory=list)

    def walk(self) -> "Iterator[Block]":
        """Every block, however deep."""
        for block in self.blocks:
            yield block
            yield from block.body.walk()

    def of_type(self, *types: str) -> "list[Block]":
        return [block for block in self.blocks if block.type in types]


@dataclass
class Block:
    """`type "label" "label" { ... }`."""

    type: str
    labels: tuple[str, ...]
    line: int
    body: Body


def read_file(name: str, text: str) -> Body:
    """A `.tf` or `.tf.json` file. Raises Unreadable."""
    return _from_json(text) if name.endswith(".json") else _Parser(tokens_of(text.removeprefix("\ufeff"))).body("")


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at = tokens, 0

    def _next(self) -> Token | None:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        self._at += 1
        return token

    def body(self, closing: str) -> Body:
        """Attributes and blocks up to the closing sign, or to the end of the file."""
        body = Body()
        while (token := self._next()) is not None:
            if token.kind == "newline":
                continue
            if closing and token.text == closing and token.kind == "sign":
                return body
            if token.kind != "name":
                raise Unreadable(token.line, f"{token.text or 'a string'!r} where a setting or a block should begin")
            self._item(token, body)
        if closing:
            raise Unreadable(self._tokens[-1].line, f"the file ends before a {closing}")
        return body

    def _item(self, name: Token, body: Body) -> None:
        labels: list[str] = []
        while (token := self._next()) is not None:
            if token.kind == "sign" and token.text == "=" and not labels:
                if name.text in body.attributes:
                    raise Unreadable(name.line, f"{name.text} is set twice")
                body.attributes[name.text] = Attribute(name.text, name.line, self._expression())
                return
            if token.kind == "sign" and token.text == "{":
                body.blocks.append(Block(name.text, tuple(labels), name.line, self.body("}")))
                return
            label = token.text if token.kind == "name" else token.literal
            if label is None:
                break
            labels.append(label)
        raise Unreadable(name.line, f"{name.text} is neither a setting nor a block")

    def _expression(self) -> tuple[Token, ...]:
        """Up to the end of the line, or of a block on one line; whatever is in brackets belongs to it."""
        found: list[Token] = []
        depth = 0
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if depth == 0 and (token.kind == "newline" or (token.kind == "sign" and token.text == "}")):
                break
            if token.kind == "sign":
                depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
            found.append(token)
            self._at += 1
        return tuple(found)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object that keeps a name which stands in it twice: Terraform reads both."""


def _from_json(text: str) -> Body:
    try:
        document = json.loads(text, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        raise Unreadable(error.lineno, error.msg) from error
    except ValueError as error:  # a number of thousands of digits
        raise Unreadable(1, str(error)) from error
    lines = _lines_of_texts(text)

    def line_of(name: str) -> int:
        """The first line that names it; the JSON reader does not say where things stood."""
        return lines.get(name, 1)

    def objects_in(value: Any) -> Iterator[_Pairs]:
        """An array of objects is as many blocks, and so is an array in it (hcl's json/structure.go)."""
        if isinstance(value, _Pairs):
            yield value
        elif isinstance(value, list):
            for inner in value:
                yield from objects_in(inner)

    def body_of(value: Any) -> Body:
        body = Body()
        for entry in objects_in(value):
            for name, inner in entry:
                if name == "//":
                    continue
                if name in body.attributes:
                    raise Unreadable(line_of(name), f"{name} is set twice")
                # Whether a nested object is a block or a value only its provider knows: it is read as both.
                body.attributes[name] = Attribute(name, line_of(name), tuple(_tokens_in(inner, line_of(name))))
                body.blocks += blocks_of(name, inner, LABELS.get(name, 0), ())
        return body

    def blocks_of(name: str, value: Any, labels_left: int, labels: tuple[str, ...]) -> list[Block]:
        found: list[Block] = []
        for entry in objects_in(value):
            if labels_left == 0:
                found.append(Block(name, labels, line_of(labels[-1] if labels else name), body_of(entry)))
            else:
                for label, inner in entry:
                    found += blocks_of(name, inner, labels_left - 1, (*labels, label))
        return found

    return body_of(document)


def _lines_of_texts(document: str) -> dict[str, int]:
    """Of each text in a JSON document, the first line that holds it."""
    found: dict[str, int] = {}
    for number, row in enumerate(document.split("\n"), 1):
        for text in _TEXT.findall(row):
            found.setdefault(json.loads(text), number)
    return found


def _tokens_in(value: Any, line: int) -> Iterator[Token]:
    """A JSON value as the tokens of the same value in the native syntax."""
    if isinstance(value, _Pairs):
        yield Token("sign", "{", line)
        for name, inner in value:
            yield template_of(name, line)
            yield Token("sign", "=", line)
            yield from _tokens_in(inner, line)
            yield Token("sign", ",", line)
        yield Token("sign", "}", line)
    elif isinstance(value, list):
        yield Token("sign", "[", line)
        for inner in value:
            yield from _tokens_in(inner, line)
            yield Token("sign", ",", line)
        yield Token("sign", "]", line)
    elif isinstance(value, str):
        yield template_of(value, line)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from tokens_of(json.dumps(value), line)
    else:
        yield Token("name", json.dumps(value), line)
