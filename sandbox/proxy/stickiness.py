"""Cookies by which an Application Load Balancer knows a client again. Pure.

AWSALB names a target of a group, AWSALBTG a group of a rule, AWSALBAPP-0 the target whose own cookie the client
has; each but the last has a twin for cross-origin requests. AWS encrypts their content, ours is only encoded.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from sandbox.http import HttpRequest, HttpResponse

TARGET_COOKIE, GROUP_COOKIE, APP_COOKIE = "AWSALB", "AWSALBTG", "AWSALBAPP-0"
_DAY = 86_400.0


@dataclass(frozen=True)
class Stickiness:
    """`cookie`: where the choice is kept. `seconds`: how long, in sandbox seconds. `app_cookie`: only with this one."""

    cookie: str
    seconds: float
    app_cookie: str | None = None


def of_group(attributes: Mapping[str, Any]) -> Stickiness | None:
    """A target group's attributes (stickiness.*) -> how it keeps clients; None where it does not."""
    if str(attributes.get("stickiness.enabled")).lower() != "true":
        return None
    if attributes.get("stickiness.type") == "app_cookie":
        seconds = float(attributes.get("stickiness.app_cookie.duration_seconds") or _DAY)
        return Stickiness(APP_COOKIE, seconds, str(attributes.get("stickiness.app_cookie.cookie_name")))
    return Stickiness(TARGET_COOKIE, float(attributes.get("stickiness.lb_cookie.duration_seconds") or _DAY))


def of_action(action: Mapping[str, Any]) -> Stickiness | None:
    """A forward action's TargetGroupStickinessConfig -> how it keeps clients with a group."""
    config = (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    if str(config.get("Enabled")).lower() != "true":
        return None
    return Stickiness(GROUP_COOKIE, float(config.get("DurationSeconds") or _DAY))


def remembered(request: HttpRequest, sticky: Stickiness, now: float, scope: str, choices: Sequence[str]) -> str | None:
    """Which of the choices the request's cookie names; None where it names none, or another scope, or ran out."""
    cookie = request.cookie(sticky.cookie)
    if cookie is None or (sticky.app_cookie and request.cookie(sticky.app_cookie) is None):
        return None
    try:
        held = json.loads(urlsafe_b64decode(cookie))
        chosen, until = str(held["chosen"]), float(held["until"])
        valid = held["scope"] == scope and until > now
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None
    return chosen if valid and chosen in choices else None


def reminder(
    response: HttpResponse, sticky: Stickiness, now: float, scope: str, chosen: str, scale: float
) -> list[tuple[str, str]]:
    """The Set-Cookie headers of an answer. `scale`: how much faster sandbox seconds pass than the browser's."""
    if sticky.app_cookie and not any(
        name == "set-cookie" and value.partition("=")[0].strip() == sticky.app_cookie
        for name, value in response.headers
    ):
        return []
    content = json.dumps({"scope": scope, "chosen": chosen, "until": now + sticky.seconds})
    value = urlsafe_b64encode(content.encode()).decode()
    expires = format_datetime(datetime.now(UTC) + timedelta(seconds=sticky.seconds / scale), usegmt=True)
    cookie = f"{sticky.cookie}={value}; Expires={expires}; Path=/"
    if sticky.app_cookie:
        return [("set-cookie", cookie)]
    twin = f"{sticky.cookie}CORS={value}; Expires={expires}; Path=/; SameSite=None; Secure"
    return [("set-cookie", cookie), ("set-cookie", twin)]
