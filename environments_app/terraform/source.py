"""Fetches foreign Terraform: from a git repository at one commit, or from a folder. Nothing of it is run.

git is asked for objects, never for a work tree: no hook, filter, submodule or symbolic link of the repository's own
gets to act here. What it may speak is said by `protocol.allow` (git-config(1)), its questions go to nobody.
"""

import hashlib
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from controlplane.lib.errors import SlipwayError
from environments_app.schema.own_terraform import OwnTerraform, is_commit
from environments_app.terraform.refusals.refused import Refused

GIT_SECONDS = 120.0
MOST_FILES = 5000
MOST_BYTES = 64 * 1024 * 1024
INHERITED = ("PATH", "LANG", "HOME", "SSH_AUTH_SOCK", "HTTPS_PROXY", "NO_PROXY")
"""HOME: how git signs in is the operator's to say, in the worker's own git and ssh configuration."""
_NO_ORDINARY_FILE = {"120000": "a symbolic link", "160000": "a submodule"}


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


def fetch(own: OwnTerraform, folders: Sequence[Path]) -> Fetched:
    """The source's files. `folders`: below which of the worker's folders it may lie. Raises SourceFailed."""
    if not own.is_repository:
        return read_tree(allowed_folder(own.source, folders))
    local = own.source.startswith("file://")
    if local:
        allowed_folder(own.source.removeprefix("file://"), folders)
    with tempfile.TemporaryDirectory(prefix="slipway-git-") as empty:
        return _Git(Path(empty), local=local).fetch(own.source, own.reference or "")


def tip_of(own: OwnTerraform, folders: Sequence[Path]) -> str:
    """The commit that the reference names now; "" for a folder. Raises SourceFailed."""
    if not own.is_repository:
        return ""
    local = own.source.startswith("file://")
    if local:
        allowed_folder(own.source.removeprefix("file://"), folders)
    with tempfile.TemporaryDirectory(prefix="slipway-git-") as empty:
        return _Git(Path(empty), local=local).resolve(own.source, own.reference or "")[1]


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


def what_git_said(errors: str) -> str:
    """The telling lines of what git, or the ssh that it starts, wrote before it failed; the cause stands first."""
    cause, _, _ = errors.partition("Please make sure you have the correct access rights")
    lines = [line.strip().rstrip(".") for line in cause.splitlines()]
    return "; ".join([line for line in lines if line and not line.startswith(("warning: ", "hint: "))][-3:])


def read_tree(root: Path, left_out: Set[str] = frozenset({".git", ".terraform"})) -> Fetched:
    """The ordinary files below a folder, but for those of folders that are left out by their name.

    Raises SourceFailed where they are too many.
    """
    files: dict[str, bytes] = {}
    refused: list[Refused] = []
    size = 0
    for name, path in _entries(root, left_out):
        mode = path.lstat().st_mode
        if not name.isprintable():
            refused.append(_strange_name(name))
            continue
        if not stat.S_ISREG(mode):
            refused.append(_no_file(name, "a symbolic link" if stat.S_ISLNK(mode) else "no ordinary file"))
            continue
        size += path.lstat().st_size
        _check_size(len(files) + 1, size)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            files[name] = file.read()
    return Fetched(files, refused=tuple(refused))


def _entries(root: Path, left_out: Set[str]) -> Iterator[tuple[str, Path]]:
    """All but folders, links to folders among them."""
    for folder, names, leaves in os.walk(root):
        links = [name for name in names if os.path.islink(os.path.join(folder, name))]
        names[:] = sorted(name for name in names if name not in {*left_out, *links})
        for name in sorted([*leaves, *links]):
            path = Path(folder, name)
            yield path.relative_to(root).as_posix(), path


def _no_file(name: str, what: str) -> Refused:
    return Refused(name, 0, f"it is {what}, which may lead outside of the source", "Put the files themselves there.")


def _strange_name(name: str) -> Refused:
    """A file whose name a rule, or a person, might read as another one."""
    shown = name.encode("ascii", "backslashreplace").decode()
    return Refused(shown, 0, "its name has characters that cannot be shown, or is no UTF-8", "Give it another name.")


def _check_size(files: int, size: int) -> None:
    if files > MOST_FILES or size > MOST_BYTES:
        raise SourceFailed(
            f"The source has more than {MOST_FILES} files or {MOST_BYTES // 1024**2} MiB. "
            "Keep the Terraform code in a repository or folder of its own."
        )


class _Git:
    """git in an empty folder, with an environment that says all it may do."""

    def __init__(self, folder: Path, *, local: bool) -> None:
        protocols = ["https", "ssh", *(["file"] if local else [])]
        options = {
            "protocol.allow": "never",
            **{f"protocol.{name}.allow": "always" for name in protocols},
            "http.followRedirects": "false",
            "core.hooksPath": os.devnull,
            "submodule.recurse": "false",
            "fetch.fsckObjects": "true",
        }
        self._folder = folder
        self._options = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._environment = {name: os.environ[name] for name in INHERITED if name in os.environ} | {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10",
            "GIT_DIR": str(folder),
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            **({"GIT_SSL_CAINFO": os.environ["SSL_CERT_FILE"]} if "SSL_CERT_FILE" in os.environ else {}),
        }

    def _run(self, *arguments: str, given: bytes = b"") -> bytes:
        command = ["git", *self._options, *arguments]
        try:
            done = subprocess.run(
                command, cwd=self._folder, env=self._environment, input=given, capture_output=True, timeout=GIT_SECONDS
            )
        except FileNotFoundError as error:
            raise SourceFailed("There is no git on this worker. Install it and plan again.") from error
        except subprocess.TimeoutExpired as error:
            words = f"git {arguments[0]} took longer than {GIT_SECONDS:.0f} s. See that its host answers; plan again."
            raise SourceFailed(words) from error
        if done.returncode != 0:
            said = what_git_said(done.stderr.decode("utf-8", "replace")) or f"exit code {done.returncode}"
            raise SourceFailed(
                f"git {arguments[0]} failed: {said}. "
                "See that the address is right and that git on the worker may read it."
            )
        return done.stdout

    def resolve(self, source: str, reference: str) -> tuple[str, str]:
        """(what to fetch, the commit) that a reference names: one branch or one tag, or a commit by its full id."""
        if is_commit(reference):
            return reference, reference
        names = (f"refs/heads/{reference}", f"refs/tags/{reference}")
        listed = self._run("ls-remote", "--", source, *names, f"refs/tags/{reference}^{{}}").decode()
        found = {name: commit for commit, name in (row.split("\t") for row in listed.splitlines())}
        here = [name for name in names if name in found]
        if len(here) != 1:
            words = "is both a branch and a tag" if here else "is neither a branch nor a tag"
            raise SourceFailed(f"{reference} {words} of {source}. Name one that is there, once.")
        return here[0], found.get(f"{here[0]}^{{}}", found[here[0]])

    def fetch(self, source: str, reference: str) -> Fetched:
        self._run("init", "--bare", "--quiet", "--template=", ".")
        wanted, _ = self.resolve(source, reference)
        self._run("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", source, wanted)
        commit = self._run("rev-parse", "--verify", "FETCH_HEAD^{commit}").decode().strip()
        return self._tree(commit)

    def _tree(self, commit: str) -> Fetched:
        files: dict[str, bytes] = {}
        refused: list[Refused] = []
        names: list[tuple[str, str]] = []
        size = 0
        listed = self._run("ls-tree", "-r", "-z", "--long", "--full-tree", commit).decode("utf-8", "surrogateescape")
        for row in listed.split("\0"):
            if not row:
                continue
            about, name = row.split("\t", 1)
            mode, _, object_id, length = about.split()
            if not name.isprintable():
                refused.append(_strange_name(name))
            elif mode in _NO_ORDINARY_FILE:
                refused.append(_no_file(name, _NO_ORDINARY_FILE[mode]))
            else:
                size += int(length)
                names.append((name, object_id))
                _check_size(len(names), size)
        if names:
            asked = "".join(f"{object_id}\n" for _, object_id in names).encode()
            answer, at = self._run("cat-file", "--batch", given=asked), 0
            for name, _ in names:
                heading, at = answer[at : answer.index(b"\n", at)], answer.index(b"\n", at) + 1
                length_of = int(heading.split()[2])
                files[name] = answer[at : at + length_of]
                at += length_of + 1
        return Fetched(files, commit, tuple(refused))
