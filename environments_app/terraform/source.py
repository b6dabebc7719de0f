"""Fetches foreign Terraform: from a git repository at one commit, or from a folder. Nothing of it is run."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from environments_app.schema.own_terraform import OwnTerraform
from environments_app.terraform import git
from environments_app.terraform.fetched import (
    Fetched,
    Look,
    SourceFailed,
    check_size,
    no_file,
    nobody_looks,
    strange_name,
)
from environments_app.terraform.refusals.refused import Refused

TIP_SECONDS = 10.0
_LEFT_OUT = frozenset({".git", ".terraform"})
"""What git and Terraform keep for themselves in a folder of the worker."""


def fetch(own: OwnTerraform, folders: Sequence[Path], look: Look = nobody_looks) -> Fetched:
    """The source's files. `folders`: below which of the worker's folders it may lie. Raises SourceFailed."""
    if not own.is_repository:
        return read_tree(allowed_folder(own.source, folders))
    with git.opened(local=_is_local(own, folders), look=look) as repository:
        return repository.fetch(own.source, own.reference or "")


def tip_of(own: OwnTerraform, folders: Sequence[Path], look: Look = nobody_looks) -> str:
    """The commit that the reference names now; "" for a folder. Raises SourceFailed, soon: it is only told."""
    if not own.is_repository:
        return ""
    with git.opened(local=_is_local(own, folders), look=look, patience=TIP_SECONDS) as repository:
        return repository.resolve(own.source, own.reference or "")[1]


def _is_local(own: OwnTerraform, folders: Sequence[Path]) -> bool:
    """Whether the repository lies on this worker, where it may."""
    if not own.source.startswith("file://"):
        return False
    allowed_folder(own.source.removeprefix("file://"), folders)
    return True


def allowed_folder(path: str, folders: Sequence[Path]) -> Path:
    """The folder, links resolved, if it lies below one that the operator allows. Raises SourceFailed."""
    real = Path(path).resolve()
    if not any(real.is_relative_to(folder.resolve()) for folder in folders):
        raise SourceFailed(
            f"{path} lies in none of the folders that sources may come from. "
            "Name a repository by https or ssh, or ask the operator to add it to SLIPWAY_TERRAFORM_FOLDERS."
        )
    if not real.is_dir():
        raise SourceFailed(f"There is no folder {path} on this worker. Put it there, on every worker, and plan again.")
    return real


def read_tree(root: Path) -> Fetched:
    """The ordinary files below a folder. Raises SourceFailed where they are too many."""
    files: dict[str, bytes] = {}
    refused: list[Refused] = []
    size = 0
    for name, path in _entries(root):
        mode = path.lstat().st_mode
        if not name.isprintable():
            refused.append(strange_name(name))
            continue
        if not stat.S_ISREG(mode):
            refused.append(no_file(name, "a symbolic link" if stat.S_ISLNK(mode) else "no ordinary file"))
            continue
        size += path.lstat().st_size
        check_size(len(files) + 1, size)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            files[name] = file.read()
    return Fetched(files, refused=tuple(refused))


def _entries(root: Path) -> Iterator[tuple[str, Path]]:
    """All but folders, links to folders among them."""
    for folder, names, leaves in os.walk(root):
        links = [name for name in names if os.path.islink(os.path.join(folder, name))]
        names[:] = sorted(name for name in names if name not in {*_LEFT_OUT, *links})
        for name in sorted([*leaves, *links]):
            path = Path(folder, name)
            yield path.relative_to(root).as_posix(), path
