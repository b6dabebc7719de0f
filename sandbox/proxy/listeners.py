"""Listeners as local HTTP servers in front of the containers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from moto.elbv2.models import elbv2_backends

from sandbox.clock import Clock
from sandbox.containers import Containers
from sandbox.eventloop import EventLoopThread
from sandbox.http import BodyStream, HttpRequest, HttpResponse
from sandbox.http_client import HttpClient
from sandbox.http_server import HttpServer
from sandbox.moto_ext.elbv2 import forwarded_groups
from sandbox.proxy import stickiness
from sandbox.proxy.counts import Counts, HostCount, Route, host_count
from sandbox.proxy.routing import (
    CLIENT,
    DEFAULT_PRIORITY,
    Rule,
    WeightedTurns,
    first_match,
    fixed_response,
    forwarded_headers,
    redirect,
    slow_start_weight,
    usable_targets,
)
from sandbox.targets import TargetChecks, TargetKey

_PLAIN = [("content-type", "text/plain")]
_BAD_GATEWAY = HttpResponse(502, b"502 Bad Gateway\n", _PLAIN)
_NO_TARGET = HttpResponse(503, b"503 Service Temporarily Unavailable\n", _PLAIN)
_TIMEOUT = HttpResponse(504, b"504 Gateway Time-out\n", _PLAIN)
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


@dataclass(frozen=True)
class _Choice:
    """Where a request goes, and the cookies that keep its client there."""

    key: TargetKey
    sticky: stickiness.Stickiness | None


class Listeners:
    """Opens a port for every HTTP(S) listener and closes it with the listener.

    Rules and targets are read at every request, so that a changed weight counts from the next one on.
    `ports` remembers which port a listener had, to have the same one after a restart. `counts` is what went
    through.
    """

    def __init__(self, loop: EventLoopThread, clock: Clock, containers: Containers, checks: TargetChecks) -> None:
        self._loop = loop
        self._clock = clock
        self._containers = containers
        self._checks = checks
        self._client = HttpClient()
        self._held: dict[str, _Held] = {}
        self._servers: dict[str, HttpServer] = {}
        self._group_turns: dict[str, WeightedTurns[str]] = {}
        self._target_turns: dict[str, WeightedTurns[TargetKey]] = {}
        self._in_flight: Counter[TargetKey] = Counter()
        self.ports: dict[str, int] = {}
        self.counts = Counts()

    def synchronise(self) -> None:
        held = {each.listener.arn: each for each in _held_listeners()}
        self._held = held
        for arn in [arn for arn in self._servers if arn not in held]:
            self._loop.run(_close(self._servers.pop(arn)))
            self.ports.pop(arn, None)
        for arn in held:
            if arn not in self._servers:
                self._servers[arn] = self._loop.run(self._listen(arn))
                self.ports[arn] = self._servers[arn].port

    def forget(self) -> None:
        """What went through, and whose turn it is."""
        self.counts.drain()
        self._group_turns.clear()
        self._target_turns.clear()

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

    def hosts(self) -> list[HostCount]:
        """Healthy and unhealthy targets of every group behind a load balancer, now."""
        pairs = {
            (held.load_balancer.arn, group): held.backend.target_groups.get(group)
            for held in _held_listeners()
            for rule in list(held.listener.rules.values())
            for action in rule.actions
            for group in forwarded_groups(action.data)
        }
        return [
            host_count(
                load_balancer, arn, [group.checked(each["Id"], each["Port"]).state for each in _registered(group)]
            )
            for (load_balancer, arn), group in pairs.items()
            if group is not None
        ]

    async def _listen(self, arn: str) -> HttpServer:
        async def answer(request: HttpRequest) -> HttpResponse:
            return await self._answer(arn, request)

        return await HttpServer.listen(answer, self.ports.get(arn, 0))

    async def _answer(self, arn: str, request: HttpRequest) -> HttpResponse:
        held = self._held.get(arn)
        rule = first_match(_rules(held.listener), request) if held else None
        if held is None or rule is None:
            return _NO_TARGET
        route = Route(held.load_balancer.arn, arn)
        kind = rule.action.get("Type")
        if kind == "fixed-response":
            self.counts.fixed_response(route)
            return fixed_response(rule.action)
        if kind == "redirect":
            self.counts.redirected(route)
            return redirect(rule.action, request, held.listener.protocol, int(held.listener.port))
        return await self._forward_by(held, rule, route, request)

    async def _forward_by(self, held: _Held, rule: Rule, route: Route, request: HttpRequest) -> HttpResponse:
        """To the group that the client is kept with, else to the one whose turn it is."""
        now, weights = self._clock.seconds(), forwarded_groups(dict(rule.action))
        sticky = stickiness.of_action(rule.action)
        # A group of weight 0 loses its clients, too (inferred).
        weighed = [group for group, weight in weights.items() if weight > 0]
        group_arn = stickiness.remembered(request, sticky, now, rule.arn, weighed) if sticky else None
        if group_arn is None:
            group_arn = self._group_turns.setdefault(rule.arn, WeightedTurns()).choose(weights)
        response = await self._forward(held, group_arn, replace(route, target_group=group_arn), request)
        if sticky is None or group_arn is None:
            return response
        cookies = stickiness.reminder(response, sticky, now, rule.arn, group_arn, self._clock.scale)
        return replace(response, headers=[*response.headers, *cookies])

    async def _forward(self, held: _Held, group_arn: str | None, route: Route, request: HttpRequest) -> HttpResponse:
        group = held.backend.target_groups.get(group_arn)
        choice = self._choose(group, request) if group is not None else None
        if choice is None:
            self.counts.refused(route, _NO_TARGET.status)
            return _NO_TARGET
        key = choice.key
        port = self._containers.local_port(key.id, key.port)
        if port is None:
            self.counts.refused(route, _BAD_GATEWAY.status, connection_error=True)
            return _BAD_GATEWAY
        response = await self._send(held, key, port, route, request)
        if choice.sticky is None:
            return response
        now, target = self._clock.seconds(), f"{key.id}:{key.port}"
        cookies = stickiness.reminder(response, choice.sticky, now, group.arn, target, self._clock.scale)
        return replace(response, headers=[*response.headers, *cookies])

    def _choose(self, group: Any, request: HttpRequest) -> _Choice | None:
        """The target that the client is kept with, else one by the group's algorithm. None: there is no target."""
        states = {
            TargetKey(group.arn, each["Id"], each["Port"]): group.checked(each["Id"], each["Port"]).state
            for each in _registered(group)
        }
        usable = usable_targets(states)
        if not usable:
            return None
        sticky = stickiness.of_group(group.attributes)
        if sticky is not None:
            named = {f"{key.id}:{key.port}": key for key in usable}
            kept = stickiness.remembered(request, sticky, self._clock.seconds(), group.arn, list(named))
            if kept is not None:
                return _Choice(named[kept], sticky)
        turns = self._target_turns.setdefault(group.arn, WeightedTurns())
        if group.attributes.get("load_balancing.algorithm.type") == "least_outstanding_requests":
            least = min(self._in_flight[key] for key in usable)
            chosen = turns.choose({key: 1.0 for key in usable if self._in_flight[key] == least})
        else:
            duration = float(group.attributes.get("slow_start.duration_seconds") or 0)
            chosen = turns.choose(
                {key: slow_start_weight(self._checks.healthy_for(key), duration) for key in usable}
                if duration
                else dict.fromkeys(usable, 1.0)
            )
        return None if chosen is None else _Choice(chosen, sticky)

    async def _send(self, held: _Held, key: TargetKey, port: int, route: Route, request: HttpRequest) -> HttpResponse:
        attributes = held.load_balancer.attrs
        timeout = float(attributes.get("idle_timeout.timeout_seconds", _DEFAULT_IDLE_TIMEOUT))
        headers = forwarded_headers(
            request.headers, CLIENT, held.listener.protocol, int(held.listener.port), attributes
        )
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._in_flight[key] += 1
        try:
            response = await self._client.send(port, replace(request, headers=headers), timeout)
        except BaseException as error:
            self._leave(key)
            if not isinstance(error, OSError):
                raise
            refusal = _TIMEOUT if isinstance(error, TimeoutError) else _BAD_GATEWAY
            self.counts.refused(route, refusal.status, connection_error=True)
            return refusal
        self.counts.answered(route, response.status, loop.time() - began, _size(request) + _size(response))
        if isinstance(response.body, BodyStream):
            response.body.when_ended(lambda: self._leave(key))
        return response

    def _leave(self, key: TargetKey) -> None:
        self._in_flight[key] -= 1
        if self._in_flight[key] <= 0:
            del self._in_flight[key]


def _held_listeners() -> Iterator[_Held]:
    for _, _, backend in list(elbv2_backends.iter_backends()):
        for load_balancer in list(backend.load_balancers.values()):
            if load_balancer.type == "application":
                for listener in list(load_balancer.listeners.values()):
                    yield _Held(load_balancer, listener, backend)


def _registered(group: Any) -> list[dict[str, Any]]:
    return list(group.targets.values())


def _rules(listener: Any) -> list[Rule]:
    return [
        Rule(
            arn=rule.arn,
            priority=DEFAULT_PRIORITY if rule.is_default else int(rule.priority),
            conditions=tuple(rule.conditions),
            action=rule.actions[-1].data,  # authentication comes first, what answers comes last
        )
        for rule in list(listener.rules.values())
        if rule.actions
    ]


def _size(message: HttpRequest | HttpResponse) -> int:
    """Of a body, as far as it is known before it has passed."""
    return len(message.body) if isinstance(message.body, bytes) else int(message.header("content-length") or 0)


async def _close(server: HttpServer) -> None:
    server.close()
