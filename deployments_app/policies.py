"""Decisions about releases without a database: what deploys by itself, what an approval binds, what failed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Protocol

from environments_app.schema import Protection


@dataclass(frozen=True)
class Order:
    """What says which of two releases is the newer one. `evidence` is what CI attached."""

    commit: str
    branch: str
    sequence: int | None = None
    committed_at: datetime | None = None
    evidence: Mapping[str, Any] | None = None


class Ordered(Protocol):
    """A release, as far as its order matters."""

    commit: str
    branch: str
    sequence: int | None
    committed_at: datetime | None
    evidence: Any


def order_of(release: Ordered) -> Order:
    return Order(release.commit, release.branch, release.sequence, release.committed_at, release.evidence)


@dataclass(frozen=True)
class Decision:
    """Whether something happens by itself, and why (not), in a sentence."""

    allowed: bool
    reason: str


def is_newer(release: Order, current: Order) -> bool | None:
    """Whether `release` comes after `current`; None where they do not carry what would tell."""
    if release.sequence is not None and current.sequence is not None:
        return release.sequence > current.sequence
    if release.committed_at is not None and current.committed_at is not None:
        return release.committed_at > current.committed_at
    return None


def may_auto_deploy(rules: Protection, release: Order, current: Order | None, *, rolled_back_by: str = "") -> Decision:
    """Whether a new release goes to an environment by itself.

    current: the release that runs there or is on its way; None before the first. rolled_back_by: who ordered the
    rollback that `current` came by; a machine does not undo what a person did.
    """
    if not rules.auto_deploy:
        return Decision(False, "This environment deploys only when someone asks for it.")
    if (refused := why_not_released(rules, release)) is not None:
        return Decision(False, refused)
    if rolled_back_by:
        return Decision(False, f"{rolled_back_by} rolled this service back; deploy by hand to go forward again.")
    if current is None or current.commit == release.commit:
        return Decision(True, "The protection of this environment deploys releases by itself.")
    newer = is_newer(release, current)
    if newer is None:
        return Decision(
            False,
            "Another commit runs here, and without a common sequence or committed_at nobody can tell which one is "
            "newer. Deploy it by hand, or let CI send one of them.",
        )
    if not newer:
        return Decision(False, "It is not newer than what runs here or is on its way; it may have arrived late.")
    return Decision(True, "It is newer than what runs here, and this environment deploys by itself.")


def why_not_started(rules: Protection, release: Order, *, automatic: bool) -> str | None:
    """Why a deployment that nobody approved may not begin under the rules of now, stronger than when it was asked."""
    if rules.required_release_approvals > 0:
        return "This environment asks for approvals now, and nobody approved it. Deploy the release again."
    if automatic and not rules.auto_deploy:
        return "This environment no longer deploys by itself. Deploy the release by hand."
    return why_not_released(rules, release)


def why_not_released(rules: Protection, release: Order) -> str | None:
    """Why this release may not come here at all, by hand or by itself: its branch, or evidence that is missing."""
    if rules.branches and not any(fnmatchcase(release.branch, pattern) for pattern in rules.branches):
        return f"Only {', '.join(rules.branches)} may be released here; this comes from {release.branch}."
    evidence = release.evidence or {}
    for name, least in sorted(rules.required_evidence.items()):
        value = evidence.get(name)
        if value is None:
            return f"CI attached no {name}; this environment asks for it."
        if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
            return f"{name} is {value}; this environment asks for at least {least:g}."
    return None


def fingerprint(document: Mapping[str, Any]) -> str:
    """SHA-256 of canonical JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def bound_inputs(
    *,
    digests: Mapping[str, str],
    rendered: Mapping[str, Any],
    load_balancer: str,
    strategy: Mapping[str, Any],
    config_version: int,
    protection_version: int,
) -> dict[str, Any]:
    """What an approval of a deployment is an approval of (design, section 4). Secrets are in `rendered`, by ARN.

    load_balancer: where it leads, in words that name all of it (routing.words).
    """
    return {
        "digests": dict(digests),
        "task_definition": fingerprint(rendered),
        "load_balancer": load_balancer,
        "strategy": dict(strategy),
        "config_version": config_version,
        "protection_version": protection_version,
    }


@dataclass(frozen=True)
class Failure:
    """A failure as a person reads it: what happened, what it means, what to do next."""

    code: str
    cause: str
    effect: str
    next_step: str
    details: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def prepare_failure(code: str, cause: str) -> Failure:
    return Failure(
        code,
        cause,
        "Nothing was changed: the service runs as before.",
        "Put right what the cause says, then deploy the release again.",
    )


def being_taken_back(code: str, cause: str, details: Sequence[str] = ()) -> Failure:
    return Failure(
        code,
        cause,
        "The service is being returned to what ran before.",
        "Nothing needs to be done: wait until the old tasks run again.",
        details,
    )


def changed_elsewhere(code: str, cause: str) -> Failure:
    return Failure(
        code,
        cause,
        "This deployment was given up: what runs now was ordered by someone else, not by Slipway.",
        "Find out who changed the service, then deploy the release that should run.",
    )


def taken_back(code: str, cause: str, details: Sequence[str] = ()) -> Failure:
    return Failure(
        code,
        cause,
        "The service was returned to what ran before, and those tasks run again.",
        "Read the log of the new tasks, mend the release and let CI build it again.",
        details,
    )


def first_failed(code: str, cause: str, details: Sequence[str] = ()) -> Failure:
    return Failure(
        code,
        cause,
        "This was the first release, so there is nothing to return to: its tasks were stopped.",
        "Read the log of the new tasks, mend the release and let CI build it again.",
        details,
    )


def not_taken_back(cause: str, why: str, details: Sequence[str] = ()) -> Failure:
    return Failure(
        "ROLLBACK_FAILED",
        f"{cause} The way back failed too: {why}",
        "The service may run the new tasks, the old ones, or too few of either.",
        "Look at the tasks and the events of the service now, then deploy the last good release by hand.",
        details,
    )
