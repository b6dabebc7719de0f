"""The life of a deployment (design, section 4). Paused and "AWS does not answer" are fields, not states."""

from controlplane.lib.states import machine

DEPLOYMENT = machine(
    "deployment",
    "awaiting_approval",
    {
        "awaiting_approval": ["queued", "rejected", "canceled", "superseded", "failed"],
        # Back to awaiting: an approval was revoked before anything began.
        "queued": ["preparing", "awaiting_approval", "canceled", "superseded", "failed"],
        # Reads what runs, registers the task definition, orders the rollout. Nothing that serves has changed yet.
        "preparing": ["rolling_out", "canceled", "superseded", "failed"],
        # Failed: stopped, because there is nothing to return to. Superseded: changed behind our back.
        "rolling_out": ["baking", "rolling_back", "failed", "superseded"],
        "baking": ["succeeded", "rolling_back", "failed", "superseded"],
        "rolling_back": ["rolled_back", "rollback_failed"],
    },
)

LOOKED_AFTER = frozenset({"queued", "preparing", "rolling_out", "baking", "rolling_back"})
"""States in which a deployment is due for a look from time to time."""
NOT_STARTED = frozenset({"awaiting_approval", "queued"})
"""States in which nothing was done yet: a newer release may take the place."""
BEFORE_ROLLOUT = NOT_STARTED | {"preparing"}
"""States in which the running service is untouched: ending here needs no way back."""
IN_ROLLOUT = frozenset({"rolling_out", "baking"})
"""States in which the service is changing or being watched: ending here means taking it back."""
