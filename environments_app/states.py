"""The life of a Terraform run (design, section 4). A wish to cancel is a field, not a state."""

from controlplane.lib.states import machine

RUN = machine(
    "run",
    "queued",
    {
        "queued": ["planning", "failed", "canceled", "discarded", "superseded"],
        # Back to queued: the worker was lost. A plan changes nothing, so it may simply be made again.
        "planning": ["planned", "no_changes", "drifted", "queued", "failed", "canceled", "discarded", "superseded"],
        # A speculative run ends here; one that is to be applied asks for approval.
        "planned": ["awaiting_approval", "canceled", "discarded", "superseded"],
        "awaiting_approval": ["approved", "canceled", "discarded", "superseded"],
        # Back to awaiting: an approval was revoked or expired.
        "approved": ["applying", "awaiting_approval", "failed", "canceled", "discarded", "superseded"],
        # Never tried again by itself. Unknown: the worker died, and nobody saw how far Terraform came.
        "applying": ["applied", "failed", "canceled", "outcome_unknown"],
        "outcome_unknown": ["applied", "failed"],
    },
)

WAITS_FOR_WORKER = frozenset({"queued", "approved"})
"""States in which a run only waits to be picked up by a worker."""
HELD_BY_WORKER = frozenset({"planning", "applying"})
"""States in which a Terraform process exists."""
ENDED_WELL = frozenset({"applied", "planned", "no_changes", "drifted"})
"""States in which a run that has ended did what it was asked for."""
CAN_BE_DISCARDED = frozenset({"queued", "planned", "awaiting_approval", "approved"})
"""States that a person can end at once: no process runs."""
