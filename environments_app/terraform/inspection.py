"""What foreign Terraform may not do, read from its files before any terraform process starts. Pure.

Refused: data sources and provisioners that run or fetch something while Terraform plans or applies, providers that
no operator has listed, modules and files from outside of the source, and what would stand in for Slipway's own
credentials, backend, variables and command-line configuration. The rules: `refusals/`; the whole list with its
reasons: docs/own-terraform.md.
"""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from environments_app.terraform.language.blocks import Block, Body, read_file
from environments_app.terraform.language.tokens import Unreadable
from environments_app.terraform.refusals import blocks, paths, providers
from environments_app.terraform.refusals.refused import NO_TEXT, Entry, Files, Refused, is_inside, unreadable

_REMOTE_GIT = re.compile(
    r"(git::(https|ssh)://\w[^\s?]+|git@\w[\w.-]+:\w[^\s?]+|(github\.com|bitbucket\.org)/\w[^\s?]+)"
    # Of what go-getter takes from a query: no key, no unpacking, no reference that git could read as an option.
    r"(\?(ref=\w[\w./+-]*|depth=\d+)(&(ref=\w[\w./+-]*|depth=\d+))*)?"
)
_OWN_FILES = re.compile(
    r"slipway_override\.tf|\.terraformrc|terraform\.rc|terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?",
    re.DOTALL,
)
CODE = (".tf", ".tf.json")
TOFU = (".tofu", ".tofu.json")
"""OpenTofu reads these in the place of files of the same name that end in .tf; Terraform does not read them."""


@dataclass(frozen=True)
class Inspection:
    """What was found: refusals, whether modules must be fetched from elsewhere, and the root module's own files."""

    refused: tuple[Refused, ...]
    fetches_modules: bool
    root: Mapping[str, Body]


def inspect(files: Files, root: str, allowed: Set[str]) -> Inspection:
    """Everything wrong with the root module in `root` and the modules that it uses, all at once.

    `allowed` are providers as NAMESPACE/TYPE, or HOST/NAMESPACE/TYPE for another registry than Terraform's own.
    """
    root = posixpath.normpath(root)
    walk = _Walk(files, allowed)
    walk.module(Entry(root, root))
    walk.refused += _beside_the_code(files, root)
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
        if is_inside(folder, store):
            key = folder.removeprefix(store + "/").split("/")[0]
            walk.module(Entry(folder, root, posixpath.join(store, key)))
    walk.refused += [_made(name) for name in sorted(files) if ".terraform" in name.removeprefix(store).split("/")]
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
        self.refused += providers.refusals(bodies, self._allowed)
        for name, body in bodies.items():
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
            elif name.endswith(CODE):
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
        address = source.literal if source else None
        line = source.line if source else block.line
        if address is not None and address.startswith(("./", "../")):
            folder = posixpath.normpath(posixpath.join(entry.folder, address))
            if is_inside(folder, entry.boundary):
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
