"""Containers as real local HTTP servers, many to a process, behaving as their images say."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.behaviours import Behaviour
from sandbox.clock import Clock
from sandbox.eventloop import EventLoopThread
from sandbox.http import HttpRequest, HttpResponse, HttpServer

HEALTH_CHECKER = "ELB-HealthChecker/2.0"
_USUAL_HEALTH_PATHS = frozenset({"/up", "/health", "/healthz", "/health/", "/healthcheck", "/ready"})

LogLine = Callable[[str], None]


@dataclass(frozen=True)
class ContainerSpec:
    """What to run. `address` is the task's private IP, `label` what the answers say about themselves."""

    runtime_id: str
    address: str
    ports: tuple[int, ...]
    behaviour: Behaviour
    log: LogLine
    label: dict[str, str]
    started_at: float
    health_paths: frozenset[str] = frozenset()


@dataclass
class _Running:
    spec: ContainerSpec
    servers: list[HttpServer] = field(default_factory=list)


class Containers:
    """The containers that run now, and where on this machine their addresses are.

    Thread-safe for one starter (the engine); lookups are dict reads from any thread.
    """

    def __init__(self, loop: EventLoopThread, clock: Clock, seed: int) -> None:
        self._loop = loop
        self._clock = clock
        self._random = random.Random(seed)
        self._running: dict[str, _Running] = {}
        self._local_ports: dict[tuple[str, int], int] = {}

    def ids(self) -> set[str]:
        return set(self._running)

    def local_port(self, address: str, port: int) -> int | None:
        """Where on loopback the container's port is; None where nothing listens."""
        return self._local_ports.get((address, port))

    def start(self, spec: ContainerSpec) -> None:
        running = _Running(spec)
        for port in spec.ports:
            server = self._loop.run(HttpServer.listen(lambda request: self._answer(spec, request)))
            running.servers.append(server)
            self._local_ports[spec.address, port] = server.port
            spec.log(f"listening on port {port}")
        self._running[spec.runtime_id] = running

    def stop(self, runtime_id: str) -> None:
        running = self._running.pop(runtime_id, None)
        if running is None:
            return
        for port in running.spec.ports:
            self._local_ports.pop((running.spec.address, port), None)
        self._loop.run(_close(running.servers))

    async def _answer(self, spec: ContainerSpec, request: HttpRequest) -> HttpResponse:
        if spec.behaviour.hangs:
            await asyncio.get_running_loop().create_future()
        response = self._decide(spec, request)
        spec.log(f"{request.method} {request.target} {response.status}")
        return response

    def _decide(self, spec: ContainerSpec, request: HttpRequest) -> HttpResponse:
        behaviour = spec.behaviour
        status = 200
        if self._clock.seconds() - spec.started_at < behaviour.ready_after_seconds:
            status = 503
        elif _is_health_check(spec, request):
            status = behaviour.health_status
        elif behaviour.error_share and self._random.random() < behaviour.error_share:
            status = 500
        body = json.dumps({**spec.label, "path": request.path, "status": status}) + "\n"
        return HttpResponse(status, body.encode(), {"content-type": "application/json", "server": "sandbox"})


def _is_health_check(spec: ContainerSpec, request: HttpRequest) -> bool:
    return (
        request.path in spec.health_paths
        or request.path in _USUAL_HEALTH_PATHS
        or request.header("user-agent") == HEALTH_CHECKER
    )


async def _close(servers: list[HttpServer]) -> None:
    for server in servers:
        server.close()
