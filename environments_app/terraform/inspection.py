"""What foreign Terraform may not do, read from its files before any terraform process starts. Pure.

Refused: data sources and provisioners that run or fetch something while Terraform plans or applies, providers that
no operator has listed, modules and files from outside of the source, and what would stand in for Slipway's own
credentials, backend, variables and command-line configuration. The rules: `refusals/`; the whole list with its
reasons: docs/own-terraform.md.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from environments_app.terraform import addresses
from environments_app.terraform.fetched import Look, nobody_looks
from environments_app.terraform.language.blocks import Block, Body, read_file
from environments_app.terraform.language.tokens import Unreadable
from environments_app.terraform.refusals import blocks, paths, providers
from environments_app.terraform.refusals.refused import NO_TEXT, Entry, Files, Refused, is_inside, unreadable

_OWN_FILES = re.compile(
    r"slipway_override\.tf|\.terraformrc|terraform\.rc|terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?",
    re.DOTALL,
)
CODE = (".tf", ".tf.json")
TOFU = (".tofu", ".tofu.json")
"""OpenTofu reads these in the place of files of the same name that end in .tf; Terraform does not read them."""
MOST_CODE = 1024 * 1024
"""Bytes in one file of code. Reading them takes a second for each million or so."""


@dataclass(frozen=True)
class Call:
    """A module that code uses: under which name, and what its address says."""

    name: str
    address: addresses.Local | addresses.Remote


@dataclass(frozen=True)
class Inspection:
    """What was found: refusals, the root module's own files, and by folder the modules that its code uses."""

    refused: tuple[Refused, ...]
    root: Mapping[str, Body]
    calls: Mapping[str, tuple[Call, ...]]


def inspect(files: Files, root: str, allowed: Set[str], look: Look = nobody_looks) -> Inspection:
    """Everything wrong with the root module in `root` and the local modules that it uses, all at once.

    `allowed` are providers as NAMESPACE/TYPE, or HOST/NAMESPACE/TYPE for another registry than Terraform's own."""
    root = posixpath.normpath(root)
    walk = _Walk(files, allowed, look)
    walk.module(Entry(root, root))
    walk.refused += _beside_the_code(files, root)
    return walk.found(root)


def inspect_package(files: Files, entry: Entry, allowed: Set[str], look: Look = nobody_looks) -> Inspection:
    """The same for a repository that was fetched for a module: `files` by the paths that they will have in the source,
    below `entry.boundary`, which the module's code may not leave."""
    walk = _Walk(files, allowed, look)
    walk.module(entry)
    walk.refused += [
        _made(name) for name in sorted(files) if ".terraform" in name.removeprefix(entry.boundary).split("/")
    ]
    return walk.found(entry.folder)


class _Walk:
    def __init__(self, files: Files, allowed: Set[str], look: Look) -> None:
        self._files, self._allowed, self._look = files, allowed, look
        self._read: dict[str, dict[str, Body]] = {}
        self._calls: dict[str, list[Call]] = {}
        self.refused: list[Refused] = []

    def found(self, root: str) -> Inspection:
        calls = {folder: tuple(each) for folder, each in self._calls.items()}
        return Inspection(tuple(dict.fromkeys(self.refused)), self._read[root], calls)

    def module(self, entry: Entry) -> None:
        """One folder's code, then that of the local modules it uses; each once."""
        if entry.folder in self._read:
            return
        self._calls[entry.folder] = []
        bodies = self._read[entry.folder] = self._bodies(entry.folder)
        self.refused += providers.refusals(bodies, self._allowed)
        for name, body in bodies.items():
            self._look()
            self.refused += blocks.refusals(name, body)
            self.refused += paths.refusals(name, body, entry, self._files)
            for block in body.of_type("module"):
                self._used(entry, name, block)

    def _bodies(self, folder: str) -> dict[str, Body]:
        bodies: dict[str, Body] = {}
        here = [name for name in sorted(self._files) if (posixpath.dirname(name) or ".") == folder]
        if not any(name.endswith(CODE) for name in here):
            # What is not among the files may be on the disk all the same: nothing unseen is run.
            self.refused.append(Refused(folder, 0, "there is no Terraform code here", "Name a folder with .tf files."))
        for name in here:
            if name.endswith(TOFU):
                words = "OpenTofu would read it in the place of what is looked at"
                self.refused.append(Refused(name, 0, words, "Let its name end in .tf, or .tf.json."))
            elif name.endswith(CODE) and len(self._files[name]) > MOST_CODE:
                words = f"it has more than {MOST_CODE // 1024} KiB, too much to be looked at"
                self.refused.append(Refused(name, 0, words, "Make several files of it."))
            elif name.endswith(CODE):
                self._look()
                try:
                    bodies[name] = read_file(name, self._files[name].decode())
                except Unreadable as error:
                    self.refused.append(unreadable(name, error))
                except (UnicodeDecodeError, RecursionError):
                    self.refused.append(unreadable(name, NO_TEXT))
        return bodies

    def _used(self, entry: Entry, name: str, block: Block) -> None:
        """A module call: local ones are followed, git over https or ssh is fetched later, all else is refused."""
        source = block.body.attributes.get("source")
        said = source.literal if source else None
        line = source.line if source else block.line
        address = None if said is None else addresses.read(said)
        here = self._calls[entry.folder]
        module = " ".join(block.labels)
        if not addresses.is_name(module) or any(call.name == module for call in here):
            words = f"the module {module!r} has a name that is no name, or that stands there twice"
            self.refused.append(Refused(name, block.line, words, "Give it a name of its own, and override nothing."))
        elif isinstance(address, addresses.Remote):
            here.append(Call(module, address))
        elif isinstance(address, addresses.Local):
            here.append(Call(module, address))
            folder = posixpath.normpath(posixpath.join(entry.folder, address.path))
            if is_inside(folder, entry.boundary):
                self.module(Entry(folder, entry.root, entry.boundary))
            else:
                self.refused.append(
                    Refused(name, line, f"the module {said} lies outside of the source", "Move it into the source.")
                )
        else:
            shown = repr(said) if said is not None else "not written out"
            self.refused.append(Refused(name, line, f"the module's source is {shown}", _way_to_a_module(said or "")))


def _way_to_a_module(said: str) -> str:
    """What to write in place of an address that nothing is fetched from."""
    way = "Name a folder of this source (./…), or a git repository (git::https://… or git::ssh://…) with ?ref=."
    if said.startswith("git::git@"):
        return "Leave git:: out, or write git::ssh://git@HOST/PATH."
    if said.startswith("bitbucket.org/"):
        return f"Write git::https://{said}."
    if said.startswith("git::https://") and "@" in said:
        return "Leave out who signs in (…@): git on the worker knows, where an administrator trusts the repository."
    if re.fullmatch(r"([\w.-]+/)?\w+/[\w-]+/\w+(//.*)?", said):
        return f"It is an address of a registry, which names its repository on the module's page. {way}"
    return way


def _beside_the_code(files: Files, root: str) -> Iterator[Refused]:
    """Files that Terraform would obey although nobody decided about them."""
    for name in sorted(files):
        folder, base = posixpath.dirname(name) or ".", posixpath.basename(name)
        if folder == root and _OWN_FILES.fullmatch(base):
            yield Refused(
                name, 0, "Terraform would take its settings from it", "Move its values into terraform.variables."
            )
        elif ".terraform" in name.split("/") or base.endswith((".tfstate", ".tfplan")):
            yield _made(name)


def _made(name: str) -> Refused:
    return Refused(name, 0, "it is made by Terraform and belongs in no source", "Delete it there.")
