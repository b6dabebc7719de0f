"""What an Application Load Balancer does with a request: decisions over rules and target states.

Shapes of conditions and actions are those of the ELBv2 API.
"""

from __future__ import annotations

import re
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from ipaddress import ip_address, ip_network
from secrets import token_hex
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from sandbox.http import Headers, HttpRequest, HttpResponse

T = TypeVar("T", bound=Hashable)
DEFAULT_PRIORITY = 10**9
CLIENT = "127.0.0.1"  # whoever asks is on this machine
_SLOW_START_LEAST = 0.05
_SET_BY_US = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"})


@dataclass(frozen=True)
class Rule:
    """`conditions` must all hold; `action` is the one that answers (authentication is not imitated)."""

    arn: str
    priority: int
    conditions: tuple[Mapping[str, Any], ...]
    action: Mapping[str, Any]


def first_match(rules: Sequence[Rule], request: HttpRequest) -> Rule | None:
    """The matching rule of the lowest priority number; the default rule has none to meet and comes last."""
    ordered = sorted(rules, key=lambda rule: rule.priority)
    return next((rule for rule in ordered if all(_holds(each, request) for each in rule.conditions)), None)


def _holds(condition: Mapping[str, Any], request: HttpRequest) -> bool:
    field = condition.get("Field")
    if field == "path-pattern":
        return any(_like(pattern, request.path) for pattern in _values(condition, "PathPatternConfig"))
    if field == "host-header":
        host = (request.header("host") or "").split(":")[0].lower()
        return any(_like(pattern.lower(), host) for pattern in _values(condition, "HostHeaderConfig"))
    if field == "http-request-method":
        return request.method in _values(condition, "HttpRequestMethodConfig")
    if field == "http-header":
        held = request.header(str(condition["HttpHeaderConfig"].get("HttpHeaderName", "")).lower())
        values = _values(condition, "HttpHeaderConfig")
        return held is not None and any(_like(pattern.lower(), held.lower()) for pattern in values)
    if field == "query-string":
        given = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
        return any(
            _like(str(wanted.get("Value", "")).lower(), value.lower())
            and (not wanted.get("Key") or _like(str(wanted["Key"]).lower(), key.lower()))
            for wanted in condition["QueryStringConfig"].get("Values", [])
            for key, value in given
        )
    # Not X-Forwarded-For, as in AWS (API reference, SourceIpConditionConfig).
    return field == "source-ip" and any(_is_within(CLIENT, each) for each in _values(condition, "SourceIpConfig"))


def _is_within(address: str, block: str) -> bool:
    """Whether the CIDR block (or single address) holds the address; what is no such block holds none."""
    try:
        return ip_address(address) in ip_network(block, strict=False)
    except ValueError:
        return False


def _values(condition: Mapping[str, Any], config: str) -> list[str]:
    return list((condition.get(config) or {}).get("Values") or condition.get("Values") or [])


def _like(pattern: str, text: str) -> bool:
    """`*` is any run of characters, `?` any one; brackets mean themselves."""
    return re.match(translate(pattern.replace("[", "[[]")), text) is not None


def fixed_response(action: Mapping[str, Any]) -> HttpResponse:
    config = action["FixedResponseConfig"]
    body = str(config.get("MessageBody") or "").encode()
    content_type = config.get("ContentType") or "text/plain"
    return HttpResponse(int(config["StatusCode"]), body, [("content-type", content_type)])


def redirect(action: Mapping[str, Any], request: HttpRequest, protocol: str, port: int) -> HttpResponse:
    """301 or 302, with #{protocol}, #{host}, #{port}, #{path} and #{query} replaced."""
    config = action["RedirectConfig"]
    path, _, query = request.target.partition("?")
    known = {
        "#{protocol}": protocol.lower(),
        "#{host}": (request.header("host") or "").split(":")[0],
        "#{port}": str(port),
        "#{path}": path.lstrip("/"),
        "#{query}": query,
    }

    def part(name: str, default: str) -> str:
        text = str(config.get(name) or default)
        for placeholder, value in known.items():
            text = text.replace(placeholder, value)
        return text

    location = f"{part('Protocol', '#{protocol}').lower()}://{part('Host', '#{host}')}:{part('Port', '#{port}')}"
    location += part("Path", "/#{path}")
    if wanted_query := part("Query", "#{query}"):
        location += f"?{wanted_query}"
    status = 301 if config.get("StatusCode") == "HTTP_301" else 302
    return HttpResponse(status, b"", [("location", location)])


class WeightedTurns(Generic[T]):
    """Spreads requests over names in proportion to their weights, evenly at every moment (smooth round robin)."""

    def __init__(self) -> None:
        self._credit: dict[T, float] = {}

    def choose(self, weights: Mapping[T, float]) -> T | None:
        usable = {name: weight for name, weight in weights.items() if weight > 0}
        if not usable:
            return None
        self._credit = {name: self._credit.get(name, 0.0) + weight for name, weight in usable.items()}
        chosen = max(usable, key=lambda name: self._credit[name])
        self._credit[chosen] -= sum(usable.values())
        return chosen


def usable_targets(states: Mapping[T, str]) -> list[T]:
    """The healthy targets; where none is, all that are registered (ELB fails open)."""
    healthy = [target for target, state in states.items() if state == "healthy"]
    return healthy or list(states)


def slow_start_weight(healthy_for: float, duration: float) -> float:
    """The share of its full part that a target gets which has been healthy so long (slow_start.duration_seconds)."""
    return 1.0 if healthy_for >= duration else max(healthy_for / duration, _SLOW_START_LEAST)


def forwarded_headers(
    headers: Headers, client: str, protocol: str, port: int, attributes: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """The request's headers with what an ALB adds: X-Forwarded-*, and X-Amzn-Trace-Id where there is none."""
    mode = str(attributes.get("routing.http.xff_header_processing.mode") or "append")
    former = ", ".join(value for name, value in headers if name == "x-forwarded-for")
    kept = [(name, value) for name, value in headers if name not in _SET_BY_US]
    forwarded_for = {"append": f"{former}, {client}" if former else client, "preserve": former}.get(mode, "")
    if forwarded_for:
        kept.append(("x-forwarded-for", forwarded_for))
    kept += [("x-forwarded-proto", protocol.lower()), ("x-forwarded-port", str(port))]
    if not any(name == "x-amzn-trace-id" for name, _ in kept):
        kept.append(("x-amzn-trace-id", f"Root=1-{int(time.time()):08x}-{token_hex(12)}"))
    return kept
