"""HCL's native syntax as tokens, so exactly that nothing can hide in a string, a heredoc or a comment.

Source: the HCL native syntax specification (github.com/hashicorp/hcl, hclsyntax/spec.md). A lexer of our own, because
what decides about refusals must end strings where Terraform ends them; whatever it does not know, it refuses to read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SPACE = re.compile(r"[ \t]+")
_NEWLINE = re.compile(r"\r?\n")
_COMMENT = re.compile(r"(?:#|//)[^\n]*|/\*.*?\*/", re.DOTALL)
_NAME = re.compile(r"[^\W\d][\w-]*")
_NUMBER = re.compile(r"\d+(\.\d+)?([eE][+-]?\d+)?")
_HEREDOC = re.compile(r"<<-?([^\W\d][\w-]*)\r?\n")
_SIGN = re.compile(r"\.\.\.|==|!=|<=|>=|&&|\|\||=>|::|[-+*/%!<>?:.,=~()\[\]{}]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters about which readers differ: what is a space at a heredoc's end here and not there hides all behind it."""
_MARKERS = re.compile(r"\$+|%+")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_DEEPEST = 100
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class Unreadable(Exception):
    """The text is not HCL as this reader knows it; `line` counts from 1."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(f"line {line}: {words}")
        self.line, self.words = line, words


@dataclass(frozen=True)
class Token:
    """One token. kind: name, number, string, sign or newline.

    A string's parts are its texts (escapes resolved) and, as tuples of tokens, what it interpolates.
    """

    kind: str
    text: str
    line: int
    parts: "tuple[str | tuple[Token, ...], ...]" = ()

    @property
    def literal(self) -> str | None:
        """The text of a string that interpolates nothing; None for everything else."""
        if self.kind != "string" or not all(isinstance(part, str) for part in self.parts):
            return None
        return "".join(part for part in self.parts if isinstance(part, str))


def tokens_of(text: str, line: int = 1) -> list[Token]:
    """All tokens of a file or an expression, comments left out. Raises Unreadable."""
    return _Reader(text, line).tokens(until_brace=False)


def template_of(text: str, line: int = 1) -> Token:
    """A template without quotes (a file, a string of the JSON syntax) as one string token. Raises Unreadable."""
    return _Reader(text, line).template(quoted=False)


def everywhere(tokens: "tuple[Token, ...] | list[Token]") -> "Iterator[list[Token]]":
    """The tokens as they are, and those of every interpolation in them, however deep."""
    yield list(tokens)
    for token in tokens:
        for part in token.parts:
            if not isinstance(part, str):
                yield from everywhere(part)


class _Reader:
    def __init__(self, text: str, line: int) -> None:
        self._text, self._at, self._line = text, 0, line
        if found := _CONTROL.search(text):
            raise Unreadable(line + text.count("\n", 0, found.start()), f"the control character {found.group()!r}")

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._move(found.end())
        return found

    def _move(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _starts(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def tokens(self, *, until_brace: bool) -> list[Token]:
        """Tokens to the end of the text, or to the brace that closes an interpolation, which is read as well."""
        found: list[Token] = []
        open_signs: list[str] = []
        while self._at < len(self._text):
            line = self._line
            if self._take(_SPACE) or self._take(_COMMENT):
                continue
            if self._take(_NEWLINE):
                found.append(Token("newline", "\n", line))
            elif self._starts('"'):
                self._move(self._at + 1)
                found.append(self.template(quoted=True))
            elif heredoc := self._take(_HEREDOC):
                found.append(self._heredoc(heredoc.group(1), line))
            elif name := self._take(_NAME):
                found.append(Token("name", name.group(), line))
            elif number := self._take(_NUMBER):
                found.append(Token("number", number.group(), line))
            elif sign := self._take(_SIGN):
                text = sign.group()
                if until_brace and text == "}" and not open_signs:
                    return found
                if text in _CLOSING:
                    open_signs.append(_CLOSING[text])
                    if len(open_signs) > _DEEPEST:
                        raise Unreadable(line, f"more than {_DEEPEST} brackets in each other")
                elif text in _CLOSING.values() and (not open_signs or open_signs.pop() != text):
                    raise Unreadable(line, f"a {text} that closes nothing")
                found.append(Token("sign", text, line))
            else:
                raise Unreadable(line, f"{self._text[self._at]!r} is not expected here")
        if until_brace or open_signs:
            raise Unreadable(self._line, f"the file ends before a {(open_signs or ['}'])[-1]}")
        return found

    def template(self, *, quoted: bool) -> Token:
        """A quoted template from behind its quote, or all that is left of an unquoted one."""
        line = self._line
        parts: list[str | tuple[Token, ...]] = []
        while self._at < len(self._text):
            here = self._text[self._at]
            if quoted and here == '"':
                self._move(self._at + 1)
                return Token("string", "", line, _joined(parts))
            if quoted and here in "\r\n":
                raise Unreadable(line, "a string that does not end on its line")
            if quoted and here == "\\":
                parts.append(self._escape())
            else:
                parts.append(self._template_part())
        if quoted:
            raise Unreadable(line, "a string that does not end")
        return Token("string", "", line, _joined(parts))

    def _template_part(self) -> str | tuple[Token, ...]:
        """Plain text, an escaped marker, or an interpolation or directive with everything in it."""
        here = self._text[self._at]
        if markers := _MARKERS.match(self._text, self._at):
            count, end = len(markers.group()), markers.end()
            if not self._text.startswith("{", end):
                self._move(end)
                return markers.group()
            if count > 2:
                raise Unreadable(self._line, f"more than two {here} before a brace")
            self._move(end + 1)
            return here + "{" if count == 2 else tuple(self.tokens(until_brace=True))
        self._move(self._at + 1)
        return here

    def _escape(self) -> str:
        code = self._text[self._at + 1 : self._at + 2]
        if code in _ESCAPES and code:
            self._move(self._at + 2)
            return _ESCAPES[code]
        digits = {"u": 4, "U": 8}.get(code, 0)
        written = self._text[self._at + 2 : self._at + 2 + digits]
        if not digits or not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", written) or int(written, 16) > 0x10FFFF:
            raise Unreadable(self._line, f"\\{code} is no escape")
        self._move(self._at + 2 + digits)
        return chr(int(written, 16))

    def _heredoc(self, marker: str, line: int) -> Token:
        """The body up to the line that is nothing but the marker; the newline behind it is left to be read."""
        parts: list[str | tuple[Token, ...]] = []
        at_line_start = True
        while self._at < len(self._text):
            if at_line_start:
                end = self._text.find("\n", self._at)
                if end != -1 and self._text[self._at : end].strip() == marker:
                    self._move(end)
                    return Token("string", "", line, _joined(parts))
            at_line_start = self._text[self._at] == "\n"
            parts.append(self._template_part())
        raise Unreadable(line, f"a heredoc that does not end with {marker}")


def _joined(parts: list[str | tuple[Token, ...]]) -> tuple[str | tuple[Token, ...], ...]:
    """Neighbouring characters as one text."""
    joined: list[str | tuple[Token, ...]] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)
