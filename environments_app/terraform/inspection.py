"""What foreign Terraform may not do, read from its files before any terraform process starts. Pure.

Refused: data sources and provisioners that run or fetch something while Terraform plans or applies, providers that
no operator has listed, modules and files from outside of the source, and what would stand in for Slipway's own
backend, variables and command-line configuration. The whole list with its reasons: docs/own-terraform.md.
"""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from environments_app.terraform.language.blocks import Attribute, Block, Body, read_file
from environments_app.terraform.language.tokens import Token, Unreadable, everywhere, template_of

READS_FILES = frozenset(
    {
        "file", "fileexists", "filebase64", "filemd5", "filesha1", "filesha256", "filesha512", "filebase64sha256",
        "filebase64sha512", "fileset", "templatefile",
    }
)  # fmt: skip
"""Terraform's functions that open the path which is their first argument."""
PATH_ARGUMENTS = frozenset({"source", "filename"})
"""Arguments of AWS resources that name a file to upload (aws_s3_object.source, aws_lambda_function.filename)."""
REFUSED_DATA = {
    "external": "it runs a program while Terraform plans",
    "http": "it calls an address while Terraform plans",
}
BUILT_IN = "terraform.io/builtin/terraform"
REGISTRY = "registry.terraform.io"
_REMOTE_GIT = re.compile(r"git::(https|ssh)://\w\S+|git@\w[\w.-]+:\w\S+|(github\.com|bitbucket\.org)/\w\S+")
_HAS_LOCAL_NAME = ("resource", "data", "ephemeral", "action", "list")
_OWN_FILES = re.compile(
    r"slipway_override\.tf|\.terraformrc|terraform\.rc|terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?"
)
CODE = (".tf", ".tf.json")
Files = Mapping[str, bytes]
"""A source's files by their path in it, with forward slashes."""


@dataclass(frozen=True)
class Refused:
    """One thing that the code may not do: where (line 0: the file as a whole), what, and the way on."""

    file: str
    line: int
    what: str
    way_on: str

    def __str__(self) -> str:
        return f"{self.file}{f' line {self.line}' if self.line else ''}: {self.what}. {self.way_on}"


@dataclass(frozen=True)
class Inspection:
    """What was found: refusals, whether modules must be fetched from elsewhere, and the root module's own files."""

    refused: tuple[Refused, ...]
    fetches_modules: bool
    root: Mapping[str, Body]


@dataclass(frozen=True)
class Entry:
    """A module to read: its folder, the folder that it may not leave, and the root module's, where Terraform runs."""

    folder: str
    root: str
    boundary: str = "."


def inspect(files: Files, root: str, allowed: Set[str]) -> Inspection:
    """Everything wrong with the root module in `root` and the modules that it uses, all at once.

    `allowed` are providers as NAMESPACE/TYPE, or HOST/NAMESPACE/TYPE for another registry than Terraform's own.
    """
    root = posixpath.normpath(root)
    walk = _Walk(files, allowed)
    walk.module(Entry(root, root))
    walk.refused += _beside_the_code(files, root)
    if not any((posixpath.dirname(name) or ".") == root and name.endswith(CODE) for name in files):
        walk.refused.append(Refused(root, 0, "there is no Terraform code here", "Name the folder of the root module."))
    return Inspection(tuple(dict.fromkeys(walk.refused)), walk.fetches_modules, walk.read[root])


def inspect_fetched(files: Files, manifest: bytes, root: str, allowed: Set[str]) -> tuple[Refused, ...]:
    """The same for the modules that `terraform get` has fetched; `manifest` is its modules.json.

    `files` are those below the root module's `.terraform/modules`, by their path in the source.
    """
    root = posixpath.normpath(root)
    walk = _Walk(files, allowed)
    store = posixpath.normpath(posixpath.join(root, ".terraform/modules"))
    for entry in json.loads(manifest)["Modules"]:
        folder = posixpath.normpath(posixpath.join(root, entry["Dir"]))
        if _is_inside(folder, store):
            key = folder.removeprefix(store + "/").split("/")[0]
            walk.module(Entry(folder, root, posixpath.join(store, key)))
    return tuple(dict.fromkeys(walk.refused))


class _Walk:
    def __init__(self, files: Files, allowed: Set[str]) -> None:
        self._files, self._allowed = files, allowed
        self.read: dict[str, dict[str, Body]] = {}
        self.refused: list[Refused] = []
        self.fetches_modules = False

    def module(self, entry: Entry) -> None:
        """One folder's code, then that of the local modules it uses; each once."""
        if entry.folder in self.read:
            return
        bodies = self.read[entry.folder] = self._bodies(entry.folder)
        self.refused += _providers(bodies, self._allowed)
        for name, body in bodies.items():
            self.refused += _blocks(name, body)
            self._paths(entry, name, body)
            for block in body.of_type("module"):
                self._used(entry, name, block)

    def _bodies(self, folder: str) -> dict[str, Body]:
        bodies: dict[str, Body] = {}
        for name in sorted(self._files):
            if (posixpath.dirname(name) or ".") == folder and name.endswith(CODE):
                try:
                    bodies[name] = read_file(name, self._files[name].decode())
                except Unreadable as error:
                    self.refused.append(_unreadable(name, error))
                except (UnicodeDecodeError, RecursionError):
                    self.refused.append(_unreadable(name, Unreadable(1, "this is no text that can be read")))
        return bodies

    def _used(self, entry: Entry, name: str, block: Block) -> None:
        """A module call: local ones are followed, git over https or ssh is fetched later, all else is refused."""
        source = block.body.attributes.get("source")
        address = source.literal if source else None
        line = source.line if source else block.line
        if address is not None and address.startswith(("./", "../")):
            folder = posixpath.normpath(posixpath.join(entry.folder, address))
            if _is_inside(folder, entry.boundary):
                self.module(Entry(folder, entry.root, entry.boundary))
            else:
                self.refused.append(
                    Refused(name, line, f"the module {address} lies outside of the source", "Move it into the source.")
                )
        elif address is not None and _REMOTE_GIT.fullmatch(address) and ".." not in address:
            self.fetches_modules = True
        else:
            shown = repr(address) if address is not None else "not written out"
            self.refused.append(
                Refused(
                    name,
                    line,
                    f"the module's source is {shown}",
                    "Name a folder of this source (./…), or a git repository (git::https://… or git::ssh://…).",
                )
            )

    def _paths(self, entry: Entry, name: str, body: Body) -> None:
        for tokens, reads in _path_arguments(body):
            problem, path = _path(tokens, entry)
            line = tokens[0].line if tokens else 1
            if problem:
                self.refused.append(
                    Refused(name, line, f"{reads} {problem}", 'Begin the path with "${path.module}/" and stay inside.')
                )
            elif reads == "templatefile()" and path in self._files:
                self._template(entry, path)

    def _template(self, entry: Entry, path: str) -> None:
        """A template may call functions, too."""
        try:
            template = template_of(self._files[path].decode())
        except (Unreadable, UnicodeDecodeError, RecursionError) as error:
            words = error if isinstance(error, Unreadable) else Unreadable(1, "this is no text that can be read")
            self.refused.append(_unreadable(path, words))
            return
        body = Body({"": Attribute("", 1, (template,))})
        for tokens, reads in _path_arguments(body):
            problem, _ = _path(tokens, entry)
            if problem:
                line = tokens[0].line if tokens else 1
                self.refused.append(Refused(path, line, f"{reads} {problem}", "Hand the text in as a variable."))


def _unreadable(name: str, error: Unreadable) -> Refused:
    return Refused(
        name, error.line, f"it cannot be read: {error.words}", "Put it right (terraform validate says more)."
    )


def _blocks(name: str, body: Body) -> Iterator[Refused]:
    for block in body.walk():
        first = block.labels[0] if block.labels else ""
        if block.type == "provisioner":
            yield Refused(
                name, block.line, f"a provisioner {first!r} runs programs", "Leave it out, or make it a resource."
            )
        elif block.type == "data" and first in REFUSED_DATA:
            yield Refused(
                name,
                block.line,
                f'data "{first}" is refused: {REFUSED_DATA[first]}',
                "Hand its value in as a variable.",
            )
        elif block.type == "data" and first == "terraform_remote_state":
            backend = block.body.attributes.get("backend")
            if backend is None or backend.literal != "s3":
                yield Refused(
                    name,
                    block.line,
                    "a remote state that is not in S3",
                    'Read it from the backend "s3", or as a variable.',
                )
    for terraform in body.of_type("terraform"):
        for block in terraform.body.of_type("backend", "cloud"):
            yield Refused(
                name, block.line, f"a {block.type} of its own", "Leave it out: Slipway keeps the state, in S3, locked."
            )


def _providers(bodies: Mapping[str, Body], allowed: Set[str]) -> Iterator[Refused]:
    """Providers that the module names or implies, as Terraform resolves them, but no operator has listed."""
    sources: dict[str, str] = {}
    seen: list[tuple[str, int, str]] = []
    for name, body in bodies.items():
        for terraform in body.of_type("terraform"):
            for required in terraform.body.of_type("required_providers"):
                for local, attribute in required.body.attributes.items():
                    sources[local] = _provider_source(local, attribute)
                    seen.append((name, attribute.line, local))
        for block in body.walk():
            if block.type == "data" and block.labels and block.labels[0] in REFUSED_DATA:
                continue  # said by itself
            if block.type in _HAS_LOCAL_NAME and block.labels:
                chosen = block.body.attributes.get("provider")
                local = chosen.tokens[0].text if chosen and chosen.tokens else ""
                seen.append((name, block.line, local or block.labels[0].split("_")[0]))
            elif block.type == "provider" and block.labels:
                seen.append((name, block.line, block.labels[0]))
    told = set()
    for name, line, local in seen:
        source = sources.get(local, BUILT_IN if local == "terraform" else f"hashicorp/{local}")
        if source not in allowed and source != BUILT_IN and source not in told:
            told.add(source)
            yield Refused(
                name,
                line,
                f"the provider {source} is not on the list",
                f"Use {', '.join(sorted(allowed))}, or ask the operator to add it to SLIPWAY_TERRAFORM_PROVIDERS.",
            )


def _provider_source(local: str, attribute: Attribute) -> str:
    """The source that a requirement names; what is not written out is no listed one."""
    tokens = [token for token in attribute.tokens if token.kind != "newline"]
    for key, sign, value in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if (key.literal or key.text) == "source" and sign.text in {"=", ":"}:
            source = (value.literal or "?").lower()
            return source.removeprefix(f"{REGISTRY}/") if "/" in source else f"hashicorp/{source}"
    return BUILT_IN if local == "terraform" else f"hashicorp/{local}"


def _path_arguments(body: Body) -> Iterator[tuple[list[Token], str]]:
    """Every expression that is a path to read, with the words for what reads it."""
    for block in body.walk():
        if block.type == "resource":
            for name, attribute in block.body.attributes.items():
                if name in PATH_ARGUMENTS and _is_absolute_or_climbs(attribute):
                    yield list(attribute.tokens), f"{block.labels[0] if block.labels else 'a resource'}.{name}"
    for attribute in _attributes(body):
        for tokens in everywhere(attribute.tokens):
            words = [token for token in tokens if token.kind != "newline"]
            for index, token in enumerate(words[:-1]):
                if token.kind == "name" and token.text in READS_FILES and words[index + 1].text == "(":
                    first, others = _arguments(words[index + 2 :])
                    yield first, f"{token.text}()"
                    if token.text == "fileset" and others and others[0].kind == "string":
                        yield others[:1], "fileset()"


def _attributes(body: Body) -> Iterator[Attribute]:
    yield from body.attributes.values()
    for block in body.walk():
        yield from block.body.attributes.values()


def _is_absolute_or_climbs(attribute: Attribute) -> bool:
    """A file to upload; these names mean other things, too, so that only what looks like a way out is judged."""
    first = attribute.tokens[0] if attribute.tokens else None
    texts = [part for part in first.parts if isinstance(part, str)] if first else []
    begins = bool(first and first.parts and isinstance(first.parts[0], str) and first.parts[0].startswith(("/", "~")))
    return begins or any(".." in text.split("/") for text in texts)


def _arguments(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """A call's first argument and all that follows it, from behind the opening bracket."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "sign":
            if depth == 0 and token.text in {",", ")"}:
                return tokens[:index], tokens[index + 1 :] if token.text == "," else []
            depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
    return tokens, []


def _path(tokens: list[Token], entry: Entry) -> tuple[str, str]:
    """What is wrong with a path ("" where nothing is), and the path in the source where it can be told."""
    parts: list[str | tuple[Token, ...]] = [tuple(tokens)]
    if len(tokens) == 1 and tokens[0].kind == "string":
        parts = list(tokens[0].parts)
    # A path by itself begins where Terraform runs: in the root module.
    base, boundary, rest = entry.root, ".", parts
    if parts and not isinstance(parts[0], str):
        words = "".join(token.text for token in parts[0] if token.kind in {"name", "sign"})
        if words == "path.module":
            base, boundary = entry.folder, entry.boundary
        rest = parts[1:]
        known = words in {"path.module", "path.root", "path.cwd"}
        if not known or (rest and not (isinstance(rest[0], str) and rest[0].startswith("/"))):
            return "opens a path that is only known when it runs", ""
    elif not parts or str(parts[0]).startswith(("/", "~")):
        return f"opens {parts[0] if parts else ''!r}, outside of the source", ""
    # What is put in when it runs stands as one name: that it climbs nowhere cannot be told from the code.
    text = "".join(part if isinstance(part, str) else "x" for part in rest)
    path = posixpath.normpath(posixpath.join(base, text.lstrip("/")))
    if not _is_inside(path, boundary):
        return f"opens {text!r}, outside of the source", ""
    return "", path


def _is_inside(path: str, folder: str) -> bool:
    return (
        not path.startswith(("../", "/")) and path != ".." and (folder in {".", path} or path.startswith(f"{folder}/"))
    )


def _beside_the_code(files: Files, root: str) -> Iterator[Refused]:
    """Files that Terraform would obey although nobody decided about them."""
    for name in sorted(files):
        folder, base = posixpath.dirname(name) or ".", posixpath.basename(name)
        if folder == root and _OWN_FILES.fullmatch(base):
            yield Refused(
                name, 0, "Terraform would take its settings from it", "Move its values into terraform.variables."
            )
        elif ".terraform" in name.split("/") or base.endswith((".tfstate", ".tfplan")):
            yield Refused(name, 0, "it is made by Terraform and belongs in no source", "Delete it there.")
