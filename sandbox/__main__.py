"""`python -m sandbox --port 5000 --data DIR`: serve the local AWS until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import ctypes
import ipaddress
import logging
import math
import os
import signal
import socket
import sys
import threading
import warnings
from pathlib import Path

# moto reads these when it is imported.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ.setdefault("MOTO_ACM_VALIDATION_WAIT", "1")
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from sandbox.app import create_app
from sandbox.commands import CommandMaps, parse_option
from sandbox.ecs import install as ecs
from sandbox.moto_ext import install as moto_ext
from sandbox.persistence import StateUnreadable
from sandbox.runtime import Sandbox

_PR_SET_PDEATHSIG = 1


class RequestHandler(MotoRequestHandler):
    """Quiet, and without Nagle's delay between an answer's headers and its body."""

    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the record of calls is at /_sandbox/calls."""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="The local AWS.")
    parser.add_argument("--port", type=int, default=5000, help="0 takes a free one and prints it")
    parser.add_argument("--data", type=Path, required=True, help="the folder that keeps the state")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--seed", type=int, default=0, help="of everything that happens by chance")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="REPOSITORY=COMMAND",
        help="run this local command in the place of the repository's images; may be given more than once",
    )
    parser.add_argument(
        "--allow-commands",
        action="store_true",
        help="whoever reaches the port may map commands and run one-off commands of mapped images, as this user",
    )
    parser.add_argument("--die-with-parent", action="store_true", help="end when the starting process ends")
    options = parser.parse_args(arguments)
    try:
        options.map = [parse_option(text) for text in options.map]
    except ValueError as error:
        parser.error(f"--map: {error}")
    if not _is_loopback(options.host):
        parser.error(f"--host must be a loopback address, not {options.host}")
    return options


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(socket.gethostbyname(host)).is_loopback
    except OSError:
        return False


def time_scale() -> float:
    """SLIPWAY_TIME_SCALE: how many times faster than real time the sandbox's durations pass."""
    text = os.environ.get("SLIPWAY_TIME_SCALE", "1")
    try:
        scale = float(text)
    except ValueError:
        scale = 0
    if not (scale > 0 and math.isfinite(scale)):
        raise SystemExit(f"SLIPWAY_TIME_SCALE must be a number above 0, not {text!r}")
    return scale


def die_with_parent() -> None:
    """Linux: be sent SIGTERM when the parent ends; if it is already gone, end now."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(0)


def serve(sandbox: Sandbox, server: BaseWSGIServer) -> None:
    """Until SIGTERM or SIGINT; then save and return."""

    def end(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    sandbox.outbox.base_url = f"http://{server.host}:{server.server_port}"
    sandbox.start()
    try:
        print(f"sandbox: {sandbox.outbox.base_url}", flush=True)
        server.serve_forever(poll_interval=0.1)
    finally:
        sandbox.stop()


def main(arguments: list[str]) -> None:
    options = parse_arguments(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if options.die_with_parent:
        die_with_parent()
    warnings.filterwarnings("ignore", message="Exception.*does not match an error shape")  # moto, on common errors
    moto_ext.install()
    ecs.install()
    commands = CommandMaps(options.map, allowed=options.allow_commands)
    sandbox = Sandbox(options.data, seed=options.seed, scale=time_scale(), commands=commands)
    server = make_server(options.host, options.port, create_app(sandbox), threaded=True, request_handler=RequestHandler)
    try:
        serve(sandbox, server)
    except StateUnreadable as error:
        raise SystemExit(f"sandbox: {error}") from error


if __name__ == "__main__":
    main(sys.argv[1:])
