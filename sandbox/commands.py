"""Real local commands in the place of an image's container: somebody rehearses their own application.

Which repository stands for which command is said at the start (`--map`) or, where `--allow-commands` was given,
over the control interface: whoever can reach the sandbox's port could otherwise run programs as this user.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from sandbox import guard

_GUARD = Path(guard.__file__)
# Of the sandbox's own environment; the rest (keys, settings of the product) is not the application's business.
_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")
_TERMINATE, _KILL = b"t", b"k"


class MapInvalid(ValueError):
    """The order to run a command for a repository makes no sense; the message says what would."""


class CannotStart(Exception):
    """The command does not start, such as in a directory that is gone; the message is the task's reason."""


class MapForbidden(Exception):
    """Commands may not be ordered here; the message says how they could be."""


@dataclass(frozen=True)
class MappedCommand:
    """What runs in the place of a repository's images: an argument list, never a shell's line."""

    repository: str
    command: tuple[str, ...]
    directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def parse_option(text: str) -> MappedCommand:
    """`shop/api=python -m app` -> the command, split as a shell splits words. Raises MapInvalid."""
    repository, _, command = text.partition("=")
    return parse_map({"repository": repository, "command": shlex.split(command)})


def parse_map(document: Mapping[str, Any]) -> MappedCommand:
    """A map from JSON: repository, command (a list), directory and environment where wanted. Raises MapInvalid."""
    if unknown := set(document) - {"repository", "command", "directory", "environment"}:
        raise MapInvalid(
            f"unknown field {sorted(unknown)[0]!r}; known are repository, command, directory and environment"
        )
    repository, command = document.get("repository"), document.get("command")
    if not isinstance(repository, str) or not repository:
        raise MapInvalid("repository must name the repository whose images the command stands for, such as shop/api")
    if not isinstance(command, list) or not command or not all(isinstance(part, str) and part for part in command):
        raise MapInvalid('command must be a list of texts, such as ["python", "-m", "app"]')
    directory = document.get("directory")
    if directory is not None and (not isinstance(directory, str) or not Path(directory).is_dir()):
        raise MapInvalid(f"directory {directory!r} does not exist")
    environment = document.get("environment") or {}
    if not isinstance(environment, dict) or not all(isinstance(value, str) for value in environment.values()):
        raise MapInvalid("environment must be an object of texts")
    return MappedCommand(repository, tuple(command), directory, environment)


class CommandMaps:
    """Which repository stands for which command. Those said at the start win and are not saved."""

    def __init__(self, given: Sequence[MappedCommand] = (), *, allowed: bool = False) -> None:
        self.allowed = allowed
        self._given = {each.repository: each for each in given}
        self._ordered: dict[str, MappedCommand] = {}

    def of_repository(self, repository: str) -> MappedCommand | None:
        return self._given.get(repository) or self._ordered.get(repository)

    def order(self, mapped: MappedCommand) -> None:
        """Tasks started from now on run it. Raises MapForbidden."""
        if not self.allowed:
            raise MapForbidden(
                "commands can be mapped here only if the sandbox was started with --allow-commands; "
                "or say --map REPOSITORY=COMMAND at its start"
            )
        self._ordered[mapped.repository] = mapped

    def take_back(self, repository: str | None = None) -> int:
        gone = [name for name in self._ordered if repository in (None, name)]
        for name in gone:
            del self._ordered[name]
        return len(gone)

    def known(self) -> list[dict[str, Any]]:
        return [asdict(each) for each in (self._ordered | self._given).values()]

    def saved(self) -> list[dict[str, Any]]:
        return [{**asdict(each), "command": list(each.command)} for each in self._ordered.values()]

    def resume(self, saved: Sequence[Mapping[str, Any]]) -> None:
        """After a restart: what was ordered holds on where commands are still allowed."""
        if self.allowed:
            self._ordered = {str(each["repository"]): MappedCommand(**each) for each in saved}


class RunningCommand:
    """One process (and all that it starts). It ends with the sandbox, however the sandbox ends.

    Its lines go to `log`. `ports`: container port -> local port; PORT in its environment is the first of them.
    Raises CannotStart.
    """

    def __init__(
        self,
        mapped: MappedCommand,
        ports: Mapping[int, int],
        environment: Mapping[str, str],
        log: Callable[[str], None],
    ) -> None:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        own = {f"PORT_{container_port}": str(port) for container_port, port in ports.items()}
        if ports:
            own["PORT"] = str(next(iter(ports.values())))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-IS", str(_GUARD), *mapped.command],
                cwd=mapped.directory,
                env=dict(environment) | inherited | dict(mapped.environment) | own | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument or the environment
            raise CannotStart(f"CannotStartContainerError: {mapped.command[0]} does not start: {error}") from error
        # Popen leaves these None only where it was not asked for a pipe.
        self._wishes, self._output = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self._log = log
        self._killer: threading.Timer | None = None
        threading.Thread(target=self._read, name=f"log-{self._process.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; 128 + N where signal N ended it."""
        code = self._process.poll()
        if code is not None and self._killer is not None:
            self._killer.cancel()
        return 128 - code if code is not None and code < 0 else code

    def terminate(self, seconds: float) -> None:
        """SIGTERM now, SIGKILL where it is still there so many real seconds later."""
        if self._killer is None:
            self._tell(_TERMINATE)
            self._killer = threading.Timer(seconds, self.kill)
            self._killer.daemon = True
            self._killer.start()

    def kill(self) -> None:
        self._tell(_KILL)

    def _tell(self, wish: bytes) -> None:
        try:
            self._wishes.write(wish)
            self._wishes.flush()
        except (OSError, ValueError):
            self._process.send_signal(signal.SIGKILL)  # the guard does not listen: nothing it guards is left

    def _read(self) -> None:
        for line in self._output:
            self._log(line.decode("utf-8", "replace").rstrip("\r\n"))
