"""A refusal, and where in a source it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from environments_app.terraform.language.tokens import Unreadable

Files = Mapping[str, bytes]
"""A source's files by their path in it, with forward slashes."""
NO_TEXT = Unreadable(1, "this is no text that can be read")


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
class Entry:
    """A module to read: its folder, the folder that it may not leave, and the root module's, where Terraform runs."""

    folder: str
    root: str
    boundary: str = "."


def unreadable(name: str, error: Unreadable) -> Refused:
    return Refused(
        name, error.line, f"it cannot be read: {error.words}", "Put it right (terraform validate says more)."
    )


def is_inside(path: str, folder: str) -> bool:
    """Whether a normalised path lies in a folder of the source; "." is the whole of it."""
    return (
        not path.startswith(("../", "/")) and path != ".." and (folder in {".", path} or path.startswith(f"{folder}/"))
    )
