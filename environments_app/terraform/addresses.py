"""Addresses of modules as they stand in code: a folder beside it, or a git repository. Pure.

What is neither is no address that Slipway fetches. `canonical` is how Terraform writes an address into its own list
of modules (modules.json), by which it tells that a module is the one that the code asks for.
"""

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

_NAME = r"[\w.][\w.~+-]*"
_PATH = rf"{_NAME}(/{_NAME})*"
_HOST = r"\w[\w.-]*(:\d+)?"
_REMOTE = re.compile(
    rf"(?P<package>git::(?P<url>https://{_HOST}/~?{_PATH}|ssh://(\w[\w.-]*@)?{_HOST}/~?{_PATH})"
    rf"|(?P<scp>\w[\w.-]*@\w[\w.-]*):(?P<scp_path>{_PATH})"
    rf"|(?P<github>github\.com/{_NAME}/{_NAME})(/(?P<github_folder>{_PATH}))?)"
    rf"(//(?P<folder>{_PATH}))?(?P<slash>/)?"
    # Of what go-getter takes from a query: no key, no unpacking, no reference that git could read as an option.
    r"(?P<query>\?(ref=\w[\w./+-]*|depth=\d+)(&(ref=\w[\w./+-]*|depth=\d+))*)?"
)
_NAMES = re.compile(r"\w[\w-]*")


@dataclass(frozen=True)
class Local:
    """A folder beside the module that names it."""

    path: str
    canonical: str


@dataclass(frozen=True)
class Remote:
    """A folder of a git repository at a reference; "" for its default branch."""

    repository: str
    reference: str
    folder: str
    canonical: str


def is_name(text: str) -> bool:
    """Whether a module may be called so: its name becomes the name of a folder."""
    return _NAMES.fullmatch(text) is not None


def read(text: str) -> Local | Remote | None:
    """What an address names; None for what is neither a folder beside the code nor git by https or ssh."""
    if text.startswith(("./", "../")) or text in {".", ".."}:
        path = posixpath.normpath(text)
        written = path if path.startswith("../") else {".": "./", "..": "../"}.get(path, f"./{path}")
        return Local(path, written)
    found = _REMOTE.fullmatch(text)
    if found is None or ".." in text:
        return None
    folder, query = found["folder"] or found["github_folder"] or "", found["query"] or ""
    if found["folder"] and found["github_folder"]:
        return None
    if found["scp"]:
        repository = f"{found['scp']}:{found['scp_path']}"
        package = f"git::ssh://{found['scp']}/{found['scp_path']}"
    elif found["github"]:
        repository = f"https://{found['github'].removesuffix('.git')}.git"
        package = f"git::{repository}"
    else:
        repository, package = found["url"], found["package"]
        if found["slash"] and not folder:
            package += "/"
    given = parse_qsl(query.removeprefix("?").replace("+", "%2B"))
    # go-getter takes the first of several (net/url's Query().Get); two that differ would be read as one or the other.
    references = {value for name, value in given if name == "ref"}
    if len(references) > 1:
        return None
    return Remote(repository, "".join(references), folder or ".", package + (f"//{folder}" if folder else "") + query)
