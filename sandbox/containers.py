"""Containers as real local HTTP servers, many to a process, behaving as their images say; or as real commands."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sandbox.behaviours import Behaviour
from sandbox.clock import Clock
from sandbox.commands import MappedCommand, RunningCommand
from sandbox.eventloop import EventLoopThread
from sandbox.http import BodyStream, HttpRequest, HttpResponse
from sandbox.http_server import HttpServer
from sandbox.outages import Outages
from sandbox.ports import free_port

HEALTH_CHECKER = "ELB-HealthChecker/2.0"
_USUAL_HEALTH_PATHS = frozenset({"/up", "/health", "/healthz", "/health/", "/healthcheck", "/ready"})

LogLine = Callable[[str], None]
Endpoint = tuple[str, int]  # an address or an instance id, and a port there


@dataclass(frozen=True)
class ContainerSpec:
    """What to run. `reached_at`: its ports, and where in the network each of them is reached.

    `label` is what the answers say about themselves; `command`: a real one in the image's place.
    """

    runtime_id: str
    reached_at: Mapping[int, tuple[Endpoint, ...]]
    behaviour: Behaviour
    log: LogLine
    label: dict[str, str]
    started_at: float
    zone: str = ""
    health_paths: frozenset[str] = frozenset()
    command: MappedCommand | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Running:
    spec: ContainerSpec
    chance: random.Random
    servers: list[HttpServer] = field(default_factory=list)
    process: RunningCommand | None = None
    in_flight: int = 0
    ending: bool = False


class Containers:
    """The containers that run now, and where on this machine their addresses are.

    Thread-safe for one starter (the engine); lookups are dict reads from any thread.
    """

    def __init__(self, loop: EventLoopThread, clock: Clock, seed: int, outages: Outages) -> None:
        self._loop = loop
        self._clock = clock
        self._seed = seed
        self._outages = outages
        self._started: Counter[str] = Counter()
        self._running: dict[str, _Running] = {}
        self._local_ports: dict[Endpoint, tuple[int, str]] = {}
        self._served: Counter[str] = Counter()

    def ids(self) -> set[str]:
        return set(self._running)

    def runs(self, runtime_id: str) -> bool:
        return runtime_id in self._running

    def describe(self) -> list[dict[str, Any]]:
        """Where every container is on this machine: to ask one directly, past the load balancer."""
        return [
            {**running.spec.label, "port": port, "local_port": local}
            for running in list(self._running.values())
            for port, endpoints in running.spec.reached_at.items()
            if endpoints and (local := self.local_port(*endpoints[0])) is not None
        ]

    def local_port(self, address: str, port: int) -> int | None:
        """Where on loopback the container's port is; None where nothing can be reached."""
        local, zone = self._local_ports.get((address, port), (None, ""))
        return None if self._outages.lost(zone) else local

    def forget(self) -> None:
        """What was served, and how many containers were started: chance begins again from the seed."""
        self._started.clear()
        self.take_served()

    def take_served(self) -> dict[str, int]:
        """Requests that each container answered since the last time this was asked, by runtime id."""
        served, self._served = self._served, Counter()
        return dict(served)

    def start(self, spec: ContainerSpec) -> None:
        running = _Running(spec, self._chance(spec))
        if spec.command is None:
            local = {port: self._listen(running) for port in spec.reached_at}
        else:
            local = {port: free_port() for port in spec.reached_at}
            running.process = RunningCommand(spec.command, local, spec.environment, spec.log)
        for port, endpoints in spec.reached_at.items():
            for endpoint in endpoints:
                self._local_ports[endpoint] = (local[port], spec.zone)
            spec.log(
                f"listening on port {port}" if spec.command is None else f"port {port} is local port {local[port]}"
            )
        self._running[spec.runtime_id] = running

    def exit_code(self, runtime_id: str) -> int | None:
        """Of a real command that ended by itself; None for all others."""
        running = self._running.get(runtime_id)
        return None if running is None or running.process is None else running.process.exit_code()

    def is_command(self, runtime_id: str) -> bool:
        running = self._running.get(runtime_id)
        return running is not None and running.process is not None

    def terminate(self, runtime_id: str, seconds: float) -> None:
        """What SIGTERM does: take nothing new, end what was begun. A command is killed after so many real seconds."""
        running = self._running.get(runtime_id)
        if running is None or running.ending:
            return
        running.ending = True
        if running.process is not None:
            running.process.terminate(seconds)
        else:
            self._loop.run(_each(running.servers, HttpServer.finish))

    def busy(self, runtime_id: str) -> bool:
        """Whether it still has something to end."""
        running = self._running.get(runtime_id)
        if running is None:
            return False
        if running.process is not None:
            return running.process.exit_code() is None
        return running.in_flight > 0 and not running.spec.behaviour.hangs

    def stop(self, runtime_id: str) -> None:
        """What SIGKILL does."""
        running = self._running.pop(runtime_id, None)
        if running is None:
            return
        for endpoints in running.spec.reached_at.values():
            for endpoint in endpoints:
                self._local_ports.pop(endpoint, None)
        if running.process is not None:
            running.process.kill()
        self._loop.run(_each(running.servers, HttpServer.close))

    def _chance(self, spec: ContainerSpec) -> random.Random:
        """Each container throws its own dice, so that the same seed gives the n-th of a service the same answers."""
        name = f"{spec.label.get('service')}/{spec.label.get('container')}/{spec.label.get('digest')}"
        self._started[name] += 1
        return random.Random(sha256(f"{self._seed}/{name}/{self._started[name]}".encode()).digest())

    def _listen(self, running: _Running) -> int:
        server = self._loop.run(HttpServer.listen(lambda request: self._answer(running, request)))
        running.servers.append(server)
        return server.port

    async def _answer(self, running: _Running, request: HttpRequest) -> HttpResponse:
        spec = running.spec
        running.in_flight += 1
        try:
            if isinstance(request.body, BodyStream):
                async for _ in request.body:
                    pass
            if spec.behaviour.hangs:
                await asyncio.get_running_loop().create_future()
            age = self._clock.seconds() - spec.started_at
            checked = _is_health_check(spec, request)
            if not checked:
                self._served[spec.runtime_id] += 1
                if seconds := spec.behaviour.slow_seconds_at(age):
                    await asyncio.sleep(seconds)
            response = _decide(running, request, age, checked=checked)
            spec.log(f"{request.method} {request.target} {response.status}")
            return response
        finally:
            running.in_flight -= 1


def _decide(running: _Running, request: HttpRequest, age: float, *, checked: bool) -> HttpResponse:
    behaviour = running.spec.behaviour
    error_share = behaviour.error_share_at(age)
    status = 200
    if age < behaviour.ready_after_seconds:
        status = 503
    elif checked:
        status = behaviour.health_status
    elif error_share and running.chance.random() < error_share:
        status = 500
    body = json.dumps({**running.spec.label, "path": request.path, "status": status}) + "\n"
    return HttpResponse(status, body.encode(), [("content-type", "application/json"), ("server", "sandbox")])


def _is_health_check(spec: ContainerSpec, request: HttpRequest) -> bool:
    return (
        request.path in spec.health_paths
        or request.path in _USUAL_HEALTH_PATHS
        or request.header("user-agent") == HEALTH_CHECKER
    )


async def _each(servers: list[HttpServer], act: Callable[[HttpServer], None]) -> None:
    for server in servers:
        act(server)
