"""The one vocabulary of status: what a state means, and the icon and the word that say it.

Every page takes colour, icon and word from here (through the `status` tag), so a state looks the same everywhere.
A word that is not in the table is shown as not known, never as good.
"""

from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """The seven meanings of design section 10, named as in the style sheet and the icons; PLAIN is a bare fact."""

    WAIT = "wait"
    WORK = "work"
    ASK = "ask"
    GOOD = "good"
    BACK = "back"
    BAD = "bad"
    UNKNOWN = "unknown"
    PLAIN = "plain"


@dataclass(frozen=True)
class Status:
    """How a state is shown. `icon` is a symbol of templates/components/sprite.html."""

    meaning: Meaning
    word: str

    @property
    def icon(self) -> str:
        return "note" if self.meaning is Meaning.PLAIN else self.meaning.value


_VOCABULARY: dict[Meaning, dict[str, str]] = {
    Meaning.WAIT: {
        "queued": "Queued",
        "approved": "Approved, queued",
        "initial": "First health checks",
    },
    Meaning.WORK: {
        "planning": "Planning",
        "applying": "Applying",
        "preparing": "Preparing",
        "rolling_out": "Rolling out",
        "baking": "Baking",
        "rolling_back": "Rolling back",
        "PROVISIONING": "Provisioning",
        "PENDING": "Starting",
        "ACTIVATING": "Activating",
        "DEACTIVATING": "Leaving the load balancer",
        "STOPPING": "Stopping",
        "DEPROVISIONING": "Deprovisioning",
        "draining": "Draining",
    },
    Meaning.ASK: {
        "awaiting_approval": "Waits for approval",
        "open": "Waits for approval",
        "paused": "Paused by a person",
    },
    Meaning.GOOD: {
        "planned": "Planned",
        "applied": "Applied",
        "no_changes": "No changes",
        "succeeded": "Succeeded",
        "complete": "Approved",
        "used": "Approved and acted on",
        "OK": "OK",
        "RUNNING": "Running",
        "HEALTHY": "Healthy",
        "healthy": "Healthy",
        "passed": "Passed",
    },
    Meaning.BACK: {
        "rolled_back": "Rolled back",
        "canceled": "Canceled",
        "discarded": "Discarded",
        "superseded": "Superseded",
        "rejected": "Rejected",
        "refused": "Refused",
        "expired": "Expired",
        "STOPPED": "Stopped",
    },
    Meaning.BAD: {
        "failed": "Failed",
        "rollback_failed": "Rollback failed",
        "ALARM": "In alarm",
        "UNHEALTHY": "Unhealthy",
        "unhealthy": "Unhealthy",
    },
    Meaning.UNKNOWN: {
        "unknown": "Not known",
        "outcome_unknown": "Outcome not known",
        "INSUFFICIENT_DATA": "No data",
        "UNKNOWN": "Not known",
        "unavailable": "Not known",
    },
    Meaning.PLAIN: {
        "drifted": "Drifted",
        "locked": "Locked",
        "not_yet": "Not yet",
    },
}

STATUSES: dict[str, Status] = {
    state: Status(meaning, word) for meaning, states in _VOCABULARY.items() for state, word in states.items()
}


def status_of(state: str | None) -> Status:
    """How `state` is shown; a word that nobody put into the table is "unknown" with that word."""
    known = STATUSES.get(state or "")
    return known or Status(Meaning.UNKNOWN, f"Unknown: {state}" if state else "Not known")


def meaning_class(state: str | None) -> str:
    """The style sheet's class for the state."""
    return status_of(state).meaning.value
