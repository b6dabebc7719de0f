"""git, asked for objects and never for a work tree.

No hook, filter, submodule or symbolic link of the repository's own gets to act here. What git may speak is said by
`protocol.allow` (git-config(1)), its questions go to nobody. How much it may write and hold is said to the kernel,
since its host decides what it sends.
"""

import contextlib
import os
import re
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from environments_app.schema.own_terraform import is_commit
from environments_app.terraform.fetched import (
    MOST_BYTES,
    Fetched,
    Look,
    SourceFailed,
    check_size,
    no_file,
    nobody_looks,
    strange_name,
    too_large,
)
from environments_app.terraform.refusals.refused import Refused

GIT_SECONDS = 120.0
MOST_WRITTEN = 2 * MOST_BYTES
"""Bytes in one file that git writes: a pack, or what it prints."""
MOST_HELD = 2 * 1024**3
"""Bytes of memory of one git process; it maps what it has written."""
MOST_LISTED = 8 * 1024**2
"""Bytes in the list of a repository's files."""
LOOK_SECONDS = 0.5
"""How often whoever waits for git is told that it still works."""
INHERITED = ("PATH", "LANG", "HTTPS_PROXY", "NO_PROXY")
SIGNS_IN = ("HOME", "SSH_AUTH_SOCK")
"""How git signs in is the operator's to say, in the worker's own git and ssh configuration."""
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")
_NO_ORDINARY_FILE = {"120000": "a symbolic link", "160000": "a submodule"}


def what_git_said(errors: str) -> str:
    """The telling lines of what git, or the ssh that it starts, wrote before it failed; the cause stands first."""
    cause, _, _ = errors.partition("Please make sure you have the correct access rights")
    lines = [line.strip().rstrip(".") for line in cause.splitlines()]
    return "; ".join([line for line in lines if line and not line.startswith(("warning: ", "hint: "))][-3:])


def _limit(pid: int) -> None:
    """What git starts from now on is limited, too; it has not yet asked its host for anything."""
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
        resource.prlimit(pid, resource.RLIMIT_AS, (MOST_HELD, MOST_HELD))


@contextmanager
def opened(
    *, local: bool = False, signs_in: bool = True, look: Look = nobody_looks, patience: float = GIT_SECONDS
) -> "Iterator[Git]":
    """A git for one repository, in an empty folder of its own.

    local: it may read a folder of this machine. signs_in: it is who the worker is; else a stranger, by https alone.
    patience: seconds that each of its commands may take.
    """
    protocols = ["https", *(["ssh"] if signs_in else []), *(["file"] if local else [])]
    inherited = (*INHERITED, *(SIGNS_IN if signs_in else ()))
    environment = {name: os.environ[name] for name in inherited if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="slipway-git-") as folder:
        if not signs_in:
            environment |= {"HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        # A stranger carries nothing that a host could send on to another one.
        manners = {} if signs_in else {"http.followRedirects": "initial", "http.emptyAuth": "false"}
        options = {"protocol.allow": "never", **{f"protocol.{name}.allow": "always" for name in protocols}, **manners}
        yield Git(Path(folder), options, environment, look, patience)


class Git:
    """One repository, with an environment that says all that git may do."""

    def __init__(
        self, folder: Path, options: Mapping[str, str], environment: Mapping[str, str], look: Look, patience: float
    ) -> None:
        settings = {
            "http.followRedirects": "false",
            # A host that is silent for half a minute is given up, also where nobody waits for git any more.
            "http.lowSpeedLimit": "1",
            "http.lowSpeedTime": "30",
            "core.hooksPath": os.devnull,
            "core.bigFileThreshold": "4m",  # larger ones are not held in memory
            "submodule.recurse": "false",
            "fetch.fsckObjects": "true",
            "fetch.unpackLimit": "1",  # one file, whose size has a limit
            **options,
        }
        self._folder, self._look, self._patience = folder, look, patience
        self._options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._environment = {
            **environment,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10",
            "GIT_DIR": str(folder),
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            **({"GIT_SSL_CAINFO": os.environ["SSL_CERT_FILE"]} if "SSL_CERT_FILE" in os.environ else {}),
        }

    def _run(self, *arguments: str, given: bytes = b"", most: int = MOST_WRITTEN) -> bytes:
        """What git prints, `most` bytes of it at the most. Raises SourceFailed."""
        command = ["git", *self._options, *arguments]
        with TemporaryFile() as asked, TemporaryFile() as output, TemporaryFile() as errors:
            asked.write(given)
            asked.seek(0)
            try:
                process = subprocess.Popen(
                    command,
                    cwd=self._folder,
                    env=self._environment,
                    stdin=asked,
                    stdout=output,
                    stderr=errors,
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                raise SourceFailed("There is no git on this worker. Install it and plan again.") from error
            try:
                _limit(process.pid)
                self._wait(process, arguments[0])
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.returncode == -signal.SIGXFSZ or output.seek(0, os.SEEK_END) > most:
                raise too_large()
            errors.seek(0)
            said = errors.read(65536).decode("utf-8", "replace")
            if process.returncode != 0:
                raise SourceFailed(
                    f"git {arguments[0]} failed: {what_git_said(said) or f'exit code {process.returncode}'}. "
                    "See that the address is right and that git on the worker may read it."
                )
            output.seek(0)
            return output.read()

    def _wait(self, process: "subprocess.Popen[bytes]", verb: str) -> None:
        give_up_at = time.monotonic() + self._patience
        while time.monotonic() < give_up_at:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=LOOK_SECONDS)
                return
            self._look()
        raise SourceFailed(
            f"git {verb} took longer than {self._patience:.0f} s. See that its host answers; plan again."
        )

    def resolve(self, source: str, reference: str) -> tuple[str, str]:
        """(what to fetch, the commit) that a reference names: one branch or one tag, or a commit by its full id.

        "" is the default branch. Raises SourceFailed.
        """
        if is_commit(reference):
            return reference, reference
        kind, _, rest = reference.removeprefix("refs/").partition("/")
        if kind in {"heads", "tags"} and rest:
            names: tuple[str, ...] = (f"refs/{kind}/{rest}",)
        else:
            names = (
                (f"refs/heads/{reference}", f"refs/tags/{reference}") if reference not in {"", "HEAD"} else ("HEAD",)
            )
        listed = self._run("ls-remote", "--", source, *names, f"{names[-1]}^{{}}").decode()
        found = {name: commit for commit, name in (row.split("\t") for row in listed.splitlines())}
        here = [name for name in names if name in found]
        if len(here) != 1:
            words = "is both a branch and a tag" if here else "is neither a branch nor a tag"
            short = " A commit is named by its full id." if _SHORT_COMMIT.fullmatch(reference) else ""
            raise SourceFailed(f"{reference or 'HEAD'} {words} of {source}. Name one that is there, once.{short}")
        return here[0], found.get(f"{here[0]}^{{}}", found[here[0]])

    def fetch(self, source: str, reference: str) -> Fetched:
        """All files of the repository at a reference. Raises SourceFailed."""
        self._run("init", "--bare", "--quiet", "--template=", ".")
        wanted, _ = self.resolve(source, reference)
        # --depth also keeps out the dumb protocol, which checks no object as it comes.
        self._run("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", source, wanted)
        commit = self._run("rev-parse", "--verify", "FETCH_HEAD^{commit}").decode().strip()
        return self._tree(commit)

    def _tree(self, commit: str) -> Fetched:
        files: dict[str, bytes] = {}
        refused: list[Refused] = []
        names: list[tuple[str, str]] = []
        size = 0
        listed = self._run("ls-tree", "-r", "-z", "--long", "--full-tree", commit, most=MOST_LISTED)
        for row in listed.decode("utf-8", "surrogateescape").split("\0"):
            if not row:
                continue
            about, name = row.split("\t", 1)
            mode, _, object_id, length = about.split()
            if not name.isprintable():
                refused.append(strange_name(name))
            elif mode in _NO_ORDINARY_FILE:
                refused.append(no_file(name, _NO_ORDINARY_FILE[mode]))
            else:
                size += int(length)
                names.append((name, object_id))
                check_size(len(names), size)
        if names:
            asked = "".join(f"{object_id}\n" for _, object_id in names).encode()
            answer, at = self._run("cat-file", "--batch", given=asked), 0
            for name, _ in names:
                heading, at = answer[at : answer.index(b"\n", at)], answer.index(b"\n", at) + 1
                length_of = int(heading.split()[2])
                files[name] = answer[at : at + length_of]
                at += length_of + 1
        return Fetched(files, commit, tuple(refused))
