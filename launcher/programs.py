"""The programs of `make run`, as data."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

from launcher import probes
from launcher.config import LOOPBACK, Config
from launcher.program import Program

TERRAFORM_WORKERS = 2
# Waves of an orderly stop: who takes requests first, what others need last.
_FRONT, _WORKERS, _SANDBOX, _REDIS = range(4)


def redis(binary: Path, socket: Path, data: Path) -> Program:
    """The bundled Valkey, durable to a second, reachable through a unix socket that only this user can open."""
    return Program(
        name="redis",
        argv=(
            str(binary),
            *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(data)),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
            # Its title would be written over its environment, and with it over the mark of the launch.
            *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--set-proc-title", "no"),
        ),
        ready=probes.redis_answers(socket),
        essential=True,
        wave=_REDIS,
        grace=3.0,
    )


def sandbox(port: int, data: Path) -> Program:
    """The local AWS. It gets SIGTERM even when the launcher is killed, so that it saves its state."""
    return Program(
        name="sandbox",
        argv=(sys.executable, "-m", "sandbox", "--port", str(port), "--data", str(data)),
        ready=probes.http_ok(LOOPBACK, port, "/_sandbox/health"),
        wave=_SANDBOX,
        grace=5.0,
        death_signal=signal.SIGTERM,
    )


def toolchain(on_output: Callable[[str], None]) -> Program:
    """Finds Terraform and the provider mirror once, for all workers."""
    return Program("toolchain", (sys.executable, "-m", "launcher.resolve"), once=True, on_output=on_output)


def manage(command: str, *arguments: str) -> tuple[str, ...]:
    """A management command, without the system checks: they would load every view in every worker."""
    return (sys.executable, "manage.py", command, "--skip-checks", *arguments)


def demo_info(on_output: Callable[[str], None]) -> Program:
    """What the greeting shows of the demo; it makes the demo's zones and images in the sandbox."""
    needs = ("prepare", "sandbox")
    return Program("demo-info", manage("demo_info", "--json"), after=needs, once=True, on_output=on_output)


def product(config: Config, *, needs: tuple[str, ...]) -> list[Program]:
    """Database set-up, web server, workers and scheduler; `needs` names what the latter work with."""
    ready = ("prepare", *needs)
    return [
        Program("prepare", (sys.executable, "-m", "scripts.prepare"), once=True),
        web(config, after=ready),
        *workers(after=(*ready, "toolchain")),
        scheduler(after=ready),
    ]


def web(config: Config, *, after: tuple[str, ...]) -> Program:
    return Program(
        name="web",
        argv=(
            *(sys.executable, "-m", "uvicorn", "controlplane.asgi:application"),
            *("--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio"),
            *("--host", config.bind, "--port", str(config.port)),
            *("--timeout-graceful-shutdown", "2", "--no-access-log"),
        ),
        after=after,
        # Django answers to BIND's name whatever SLIPWAY_HOSTS says.
        ready=probes.http_ok(config.connect_host, config.port, "/readyz", host_header=config.bind),
        essential=True,
        wave=_FRONT,
        grace=4.0,
    )


def workers(*, after: tuple[str, ...]) -> list[Program]:
    """Terraform holds a worker while it runs and has workers of its own; looks are short and share one."""
    queues: dict[str, tuple[str, ...]] = {
        f"terraform-{number}": ("terraform",) for number in range(1, TERRAFORM_WORKERS + 1)
    }
    queues["looks"] = ("looks", "default")
    return [
        Program(
            name=f"worker-{name}",
            argv=manage("rqworker", *names, "--worker-class", "controlplane.lib.queue.Worker"),
            after=after,
            wave=_WORKERS,
            # Enough for a look to end; a Terraform that outlasts it is interrupted by its own guard.
            grace=3.0,
        )
        for name, names in queues.items()
    ]


def scheduler(*, after: tuple[str, ...]) -> Program:
    return Program("scheduler", manage("run_scheduler"), after=after, wave=_FRONT, grace=3.0)
