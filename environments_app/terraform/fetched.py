"""Terraform code as it was fetched at one moment, and what may not be in it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from controlplane.lib.errors import SlipwayError
from environments_app.terraform.refusals.refused import Refused

Look = Callable[[], None]
"""Called about twice a second by what takes long, so that whoever holds a claim keeps it; what it raises ends it."""
MOST_FILES = 5000
MOST_BYTES = 64 * 1024 * 1024


def nobody_looks() -> None:
    """For whoever holds no claim."""


class SourceFailed(SlipwayError):
    """The source could not be fetched; the words say the way on."""

    def __init__(self, words: str) -> None:
        super().__init__("SOURCE_FAILED", words, 409)


@dataclass(frozen=True)
class Fetched:
    """A source as it was at one moment: files by path with forward slashes; `commit` is "" for a folder."""

    files: Mapping[str, bytes]
    commit: str = ""
    refused: Sequence[Refused] = field(default_factory=tuple)

    def revision(self, path: str) -> str:
        """Names exactly this code: commit, path of the root module, SHA-256 over names and contents."""
        return f"{self.commit or 'folder'}:{path}:{digest_of(self.files)}"


def commit_of(revision: str) -> str:
    """The commit in what `Fetched.revision` gave; "" for a folder."""
    return revision.split(":")[0].removesuffix("folder")


def digest_of(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def no_file(name: str, what: str) -> Refused:
    return Refused(name, 0, f"it is {what}, which may lead outside of the source", "Put the files themselves there.")


def strange_name(name: str) -> Refused:
    """A file whose name a rule, or a person, might read as another one."""
    shown = name.encode("ascii", "backslashreplace").decode()
    return Refused(shown, 0, "its name has characters that cannot be shown, or is no UTF-8", "Give it another name.")


def check_size(files: int, size: int) -> None:
    """Raises SourceFailed where it is more than anybody's infrastructure."""
    if files > MOST_FILES or size > MOST_BYTES:
        raise too_large()


def too_large() -> SourceFailed:
    return SourceFailed(
        f"The source, or a repository that it uses, has more than {MOST_FILES} files or {MOST_BYTES // 1024**2} MiB. "
        "Keep the Terraform code in a repository or folder of its own."
    )
