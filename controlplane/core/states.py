"""The life of an approval request."""

from controlplane.lib.states import machine

APPROVAL = machine(
    "approval",
    "open",
    {
        # Enough people said yes; the subject may go on.
        "open": ["complete", "refused", "superseded", "expired"],
        # A revoked approval opens it again; a changed input or the end of its time ends it. `used`: it was acted on.
        "complete": ["open", "refused", "superseded", "expired", "used"],
    },
)
