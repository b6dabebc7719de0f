"""What RunTask was asked under a client token, so that asking again starts nothing again.

Facts: Amazon ECS API Reference, "Ensuring idempotency": a token counts within one cluster and for 24 hours; the same
token with other parameters is a ConflictException that names the tasks. A request that placed no task did not
complete, its token may be used again (inferred).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEPT_SECONDS = 24 * 3600.0  # sandbox seconds
_NOT_COMPARED = ("clientToken", "cluster")  # the key under which a run is kept says both


@dataclass(frozen=True)
class Run:
    """One answered RunTask: when (sandbox seconds), the ARNs of its tasks, and why each of the others has no place."""

    parameters: str
    at: float
    tasks: tuple[str, ...]
    failures: tuple[str, ...]


Runs = dict[tuple[str, str], Run]  # by cluster name and client token


def fingerprint(given: Mapping[str, Any]) -> str:
    """The same for requests that ask for the same; a parameter that is None was not given."""
    compared = {key: value for key, value in given.items() if key not in _NOT_COMPARED and value is not None}
    return hashlib.sha256(json.dumps(compared, sort_keys=True, default=str).encode()).hexdigest()


def forget_old(runs: Runs, now: float) -> None:
    for key in [key for key, run in runs.items() if now - run.at >= KEPT_SECONDS]:
        del runs[key]
