"""Listeners as local HTTP servers in front of the containers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.elbv2.models import elbv2_backends

from sandbox.containers import Containers
from sandbox.eventloop import EventLoopThread
from sandbox.http import HttpRequest, HttpResponse, HttpServer, send
from sandbox.moto_ext.elbv2 import forwarded_groups
from sandbox.proxy.routing import (
    DEFAULT_PRIORITY,
    Rule,
    WeightedTurns,
    first_match,
    fixed_response,
    redirect,
    usable_targets,
)
from sandbox.targets import TargetChecks, TargetKey

_BAD_GATEWAY = HttpResponse(502, b"502 Bad Gateway\n", {"content-type": "text/plain"})
_NO_TARGET = HttpResponse(503, b"503 Service Temporarily Unavailable\n", {"content-type": "text/plain"})
_TIMEOUT = HttpResponse(504, b"504 Gateway Time-out\n", {"content-type": "text/plain"})
_DEFAULT_IDLE_TIMEOUT = 60.0  # real seconds, as HTTP time-outs are


@dataclass(frozen=True)
class ListenerInfo:
    """Where a listener is on this machine. `local_port` answers plain HTTP, whatever the protocol."""

    load_balancer: str
    load_balancer_name: str
    dns_name: str
    listener: str
    protocol: str
    port: int
    local_port: int
    url: str


@dataclass(frozen=True)
class _Held:
    load_balancer: Any
    listener: Any
    backend: Any


class Listeners:
    """Opens a port for every HTTP(S) listener and closes it with the listener.

    Rules and targets are read at every request, so that a changed weight counts from the next one on.
    `ports` remembers which port a listener had, to have the same one after a restart.
    """

    def __init__(self, loop: EventLoopThread, containers: Containers, checks: TargetChecks) -> None:
        self._loop = loop
        self._containers = containers
        self._checks = checks
        self._servers: dict[str, HttpServer] = {}
        self._turns: dict[str, WeightedTurns] = {}
        self._rounds: dict[str, Iterator[int]] = {}
        self.ports: dict[str, int] = {}

    def synchronise(self) -> None:
        held = {each.listener.arn: each for each in _held_listeners()}
        for arn in [arn for arn in self._servers if arn not in held]:
            self._loop.run(_close(self._servers.pop(arn)))
            self.ports.pop(arn, None)
        for arn in held:
            if arn not in self._servers:
                self._servers[arn] = self._loop.run(self._listen(arn))
                self.ports[arn] = self._servers[arn].port

    def describe(self) -> list[ListenerInfo]:
        return [
            ListenerInfo(
                load_balancer=held.load_balancer.arn,
                load_balancer_name=held.load_balancer.name,
                dns_name=held.load_balancer.dns_name,
                listener=held.listener.arn,
                protocol=held.listener.protocol,
                port=int(held.listener.port),
                local_port=self._servers[held.listener.arn].port,
                url=f"http://127.0.0.1:{self._servers[held.listener.arn].port}",
            )
            for held in _held_listeners()
            if held.listener.arn in self._servers
        ]

    async def _listen(self, arn: str) -> HttpServer:
        async def answer(request: HttpRequest) -> HttpResponse:
            return await self._answer(arn, request)

        return await HttpServer.listen(answer, self.ports.get(arn, 0))

    async def _answer(self, arn: str, request: HttpRequest) -> HttpResponse:
        held = next((each for each in _held_listeners() if each.listener.arn == arn), None)
        rule = first_match(_rules(held.listener), request) if held else None
        if held is None or rule is None:
            return _NO_TARGET
        kind = rule.action.get("Type")
        if kind == "fixed-response":
            return fixed_response(rule.action)
        if kind == "redirect":
            return redirect(rule.action, request, held.listener.protocol, int(held.listener.port))
        group_arn = self._turns.setdefault(rule.arn, WeightedTurns()).choose(forwarded_groups(dict(rule.action)))
        return await self._forward(held, group_arn, request)

    async def _forward(self, held: _Held, group_arn: str | None, request: HttpRequest) -> HttpResponse:
        group = held.backend.target_groups.get(group_arn)
        targets = [(each["Id"], each["Port"]) for each in list(group.targets.values())] if group else []
        states = {
            target: self._checks.state(TargetKey(group.arn, *target)).state
            for target in targets
            if self._containers.local_port(*target) is not None
        }
        usable = usable_targets(states)
        if not usable:
            return _NO_TARGET
        turn = next(self._rounds.setdefault(group.arn, itertools.count()))
        port = self._containers.local_port(*usable[turn % len(usable)])
        if port is None:
            return _BAD_GATEWAY
        timeout = float(held.load_balancer.attrs.get("idle_timeout.timeout_seconds", _DEFAULT_IDLE_TIMEOUT))
        try:
            return await send(port, _forwarded(request, held.listener), timeout)
        except TimeoutError:
            return _TIMEOUT
        except OSError:
            return _BAD_GATEWAY


def _held_listeners() -> Iterator[_Held]:
    for _, _, backend in list(elbv2_backends.iter_backends()):
        for load_balancer in list(backend.load_balancers.values()):
            if load_balancer.type == "application":
                for listener in list(load_balancer.listeners.values()):
                    yield _Held(load_balancer, listener, backend)


def _rules(listener: Any) -> list[Rule]:
    return [
        Rule(
            arn=rule.arn,
            priority=DEFAULT_PRIORITY if rule.is_default else int(rule.priority),
            conditions=tuple(rule.conditions),
            action=rule.actions[-1].data,  # authentication comes first, what answers comes last
        )
        for rule in listener.rules.values()
        if rule.actions
    ]


def _forwarded(request: HttpRequest, listener: Any) -> HttpRequest:
    headers = [
        *request.headers,
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", listener.protocol.lower()),
        ("x-forwarded-port", str(listener.port)),
    ]
    return HttpRequest(request.method, request.target, headers, request.body)


async def _close(server: HttpServer) -> None:
    server.close()
