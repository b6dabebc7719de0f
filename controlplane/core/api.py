"""What every API router shares: bearer tokens, refusals in the error shape, looking up what a path names."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Schema
from ninja.security import HttpBearer

from controlplane.core import access
from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, System
from controlplane.core.policies import Capability
from controlplane.core.services import audit, output
from controlplane.lib import clock
from controlplane.lib.errors import Refusal

MOST_LINES = 5000


class ApiRefused(Exception):
    """Carries a Refusal out of a view; the API's handler answers with it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class BearerToken(HttpBearer):
    """`Authorization: Bearer slip_…`; the request's `auth` is then the token's Actor."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        found = ApiToken.find(token)
        if found is None:
            return None
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=clock.now())
        return Actor.token(found, source=str(request.META.get("REMOTE_ADDR", "")))


def actor_of(request: HttpRequest) -> Actor:
    """The Actor that the token stands for."""
    actor: Actor = request.auth  # type: ignore[attr-defined]  # ninja sets it to what BearerToken answered
    return actor


def not_found(what: str) -> ApiRefused:
    return ApiRefused(Refusal("NOT_FOUND", f"There is no such {what}, or you may not see it.", 404))


def require(request: HttpRequest, system: System | None, capability: Capability, what: str = "system") -> System:
    """The system, if the caller may; strangers are told that it does not exist, members what they lack."""
    actor = actor_of(request)
    if system is None or access.role_of(actor.user, system) is None:
        raise not_found(what)
    if (refusal := access.check(actor.user, system, capability)) is not None:
        audit.record_refusal(actor, f"api.{capability}", refusal, subject=("system", system.pk), system=system)
        raise ApiRefused(refusal)
    return system


def unless_refused(outcome: Any) -> Any:
    """The outcome of a service, or ApiRefused with its reason."""
    if isinstance(outcome, Refusal):
        raise ApiRefused(outcome)
    return outcome


class LogLine(Schema):
    number: int
    at_ms: int
    text: str


class Log(Schema):
    """Lines after number `after`; ask again with the last number. `closed`: nothing more will come."""

    lines: list[LogLine]
    closed: bool


def read_log(stream_id: UUID | None, closed: bool, after: int) -> dict[str, Any]:
    """At most MOST_LINES lines after a number, in Log's shape."""
    lines = output.lines_after(stream_id, max(0, after), MOST_LINES) if stream_id else []
    return {
        "lines": [{"number": line.number, "at_ms": line.at_ms, "text": line.text} for line in lines],
        "closed": closed and len(lines) < MOST_LINES,
    }
