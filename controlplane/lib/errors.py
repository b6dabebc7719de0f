"""Refusal is a value, failure is an exception; both carry a code that people and programs can look up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Refusal:
    """A "no" with its reason, shown to people.

    It has no truth value: `if outcome:` and `if refusal := check():` read alike but mean opposite things, and a
    check that is read the wrong way round lets somebody in. Ask `isinstance(outcome, Refusal)` or `is not None`.

    code: UPPER_SNAKE, stable; message: a sentence that says why and, where there is one, the next step;
    status: the HTTP status that says the same.
    """

    code: str
    message: str
    status: int = 409
    details: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        raise TypeError("a Refusal is neither true nor false; ask isinstance(outcome, Refusal) or `is not None`")


class SlipwayError(Exception):
    """A failure with a code, words for a person, and the HTTP status for an answer."""

    def __init__(self, code: str, message: str, status: int = 500, **details: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.details = code, message, status, details


def present(value: T | None, what: str) -> T:
    """The value of which only a mistake of Slipway's own could have made None; raises SlipwayError then."""
    if value is None:
        raise SlipwayError("MISSING", f"Slipway has lost {what}.")
    return value


def error_body(code: str, message: str, details: Mapping[str, Any], request_id: str, at: datetime) -> dict[str, Any]:
    """The error shape of every API answer: {"error": {code, message, details, requestId, timestamp}}."""
    return {
        "error": {
            "code": code,
            "message": message,
            "details": dict(details),
            "requestId": request_id,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    }
