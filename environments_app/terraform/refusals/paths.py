"""Files that the code opens: by Terraform's functions, by arguments that upload them, and from templates."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from environments_app.terraform.language.blocks import Attribute, Body
from environments_app.terraform.language.tokens import Token, Unreadable, everywhere, template_of
from environments_app.terraform.refusals.refused import NO_TEXT, Entry, Files, Refused, is_inside, unreadable

_OPENS = re.compile(r"file\w*|template\w*")
"""Terraform's functions that open their first argument: file, fileexists, filemd5, fileset, templatefile and so on.

templatestring() is among them: the text that it runs can be anything that the code computes.
"""
UPLOADS = frozenset({"filename", "zip_file"})
"""Arguments that name a file to upload wherever they stand (aws_lambda_function, aws_synthetics_canary)."""
SOURCE_IS_NO_FILE = frozenset(
    {
        "aws_ec2_network_insights_path", "aws_notifications_event_rule", "aws_pipes_pipe", "aws_s3_object_copy",
        "aws_vpc_network_performance_metric_subscription",
    }
)  # fmt: skip
"""Resources of the AWS provider whose `source` is no file to upload, as aws_s3_object's is (its schema, 5.100)."""
_HOLD_ARGUMENTS = frozenset({"resource", "data", "ephemeral", "action", "list"})
_ROOTS = {("path", ".", name) for name in ("module", "root", "cwd")}


@dataclass(frozen=True)
class _Opened:
    """An expression that is a path, and the words for what opens it."""

    reader: str
    tokens: list[Token]

    @property
    def line(self) -> int:
        return self.tokens[0].line if self.tokens else 1


@dataclass(frozen=True)
class _Path:
    """Where an expression leads: what is wrong with it ("": nothing), the path in the source, whether all is known."""

    problem: str
    path: str = ""
    known: bool = False


def refusals(name: str, body: Body, entry: Entry, files: Files) -> Iterator[Refused]:
    """Of one file of a module. `files`: those that are inspected, which a template must be one of."""
    for line in _hidden_roots(body):
        yield Refused(name, line, "a for calls its value path, which hides path.module", "Call it by another name.")
    for opened in (*_uploads(body), *_functions(_attributes(body))):
        if opened.reader == "templatestring()":
            words, way_on = "runs a text that is only known then", "Use templatefile() with a file of this source."
            yield Refused(name, opened.line, f"{opened.reader} {words}", way_on)
            continue
        found = _path(opened.tokens, entry)
        if found.problem:
            way_on = 'Begin the path with "${path.module}/" and stay inside.'
            yield Refused(name, opened.line, f"{opened.reader} {found.problem}", way_on)
        elif opened.reader == "fileset() pattern" and any(".." in text for text in _texts(opened.tokens)):
            yield Refused(name, opened.line, "fileset() looks outside of its folder", "Leave .. out of the pattern.")
        elif opened.reader == "templatefile()":
            if found.known and found.path in files:
                yield from _template(found.path, files[found.path])
            else:
                words, way_on = (
                    "runs a file that is not named in full, or is not of this source",
                    'Write out "${path.module}/NAME".',
                )
                yield Refused(name, opened.line, f"{opened.reader} {words}", way_on)


def _template(path: str, content: bytes) -> Iterator[Refused]:
    """A template calls functions, too; what `path` is in it, its caller says."""
    try:
        text = template_of(content.decode())
    except Unreadable as error:
        yield unreadable(path, error)
    except (UnicodeDecodeError, RecursionError):
        yield unreadable(path, NO_TEXT)
    else:
        for opened in _functions([Attribute("", 1, (text,))]):
            yield Refused(
                path, opened.line, f"{opened.reader} in a template", "Read the file where templatefile() is called."
            )


def _uploads(body: Body) -> Iterator[_Opened]:
    for holder in body.walk():
        if holder.type not in _HOLD_ARGUMENTS or not holder.labels:
            continue
        kind = holder.labels[0]
        own = [each for each in holder.body.attributes.values() if each.name in UPLOADS]
        inner = [
            each for block in holder.body.walk() for each in block.body.attributes.values() if each.name in UPLOADS
        ]
        if holder.type == "resource" and "source" in holder.body.attributes and kind not in SOURCE_IS_NO_FILE:
            own.append(holder.body.attributes["source"])
        for attribute in (*own, *inner):
            if [token.text for token in attribute.tokens] != ["null"]:
                yield _Opened(f"{kind}.{attribute.name}", list(attribute.tokens))


def _functions(attributes: list[Attribute]) -> Iterator[_Opened]:
    for attribute in attributes:
        for tokens in everywhere(attribute.tokens):
            words = [token for token in tokens if token.kind != "newline"]
            for index, token in enumerate(words[:-1]):
                if token.kind == "name" and _OPENS.fullmatch(token.text) and words[index + 1].text == "(":
                    first, others = _arguments(words[index + 2 :])
                    yield _Opened(f"{token.text}()", first or [token])
                    if token.text == "fileset":
                        pattern, _ = _arguments(others)
                        yield _Opened("fileset() pattern", pattern or [token])


def _hidden_roots(body: Body) -> Iterator[int]:
    """Lines where `for` binds the name path: path.module is then whatever the code says."""
    for attribute in _attributes(body):
        for tokens in everywhere(attribute.tokens):
            words = [token.text for token in tokens if token.kind != "newline"]
            for index, word in enumerate(words):
                # for value in, or: for key, value in
                bound = words[index + 1 : index + (4 if words[index + 2 : index + 3] == [","] else 2)]
                if word == "for" and "path" in bound:
                    yield attribute.line


def _attributes(body: Body) -> list[Attribute]:
    return [*body.attributes.values(), *(each for block in body.walk() for each in block.body.attributes.values())]


def _arguments(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """A call's first argument and all that follows it, from behind the opening bracket."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "sign":
            if depth == 0 and token.text in {",", ")"}:
                return tokens[:index], tokens[index + 1 :] if token.text == "," else []
            depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
    return tokens, []


def _path(tokens: list[Token], entry: Entry) -> _Path:
    parts: list[str | tuple[Token, ...]] = [tuple(tokens)]
    if len(tokens) == 1 and tokens[0].kind == "string":
        parts = list(tokens[0].parts)
    # A path by itself begins where Terraform runs: in the root module. What lies there, the values of secrets among it,
    # is no business of a module from another repository.
    base, boundary, rest = entry.root, entry.boundary, parts
    if parts and not isinstance(parts[0], str):
        words = tuple(token.text for token in parts[0] if token.kind != "newline")
        if words == ("path", ".", "module"):
            base, boundary = entry.folder, entry.boundary
        rest = parts[1:]
        if words not in _ROOTS or (rest and not (isinstance(rest[0], str) and rest[0].startswith("/"))):
            return _Path("opens a path that is only known when it runs")
    elif not parts or str(parts[0]).startswith(("/", "~")):
        return _Path(f"opens {parts[0] if parts else ''!r}, outside of the source")
    known = all(isinstance(part, str) for part in rest)
    # What is put in when it runs stands as one name: that it climbs nowhere cannot be told from the code.
    text = "".join(part if isinstance(part, str) else "x" for part in rest)
    if not known and any(".." in each for each in _texts([Token("string", "", 1, tuple(rest))])):
        return _Path(f"opens {text!r}, which climbs from a folder that is only known when it runs")
    path = posixpath.normpath(posixpath.join(base, text.lstrip("/")))
    if not is_inside(path, boundary):
        return _Path(f"opens {text!r}, outside of the source")
    return _Path("", path, known)


def _texts(tokens: list[Token]) -> Iterator[str]:
    """Every text in the expression, those in interpolations as well."""
    for each in everywhere(tokens):
        for token in each:
            yield from (part for part in token.parts if isinstance(part, str))
