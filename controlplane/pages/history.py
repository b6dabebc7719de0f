"""Audit events in words: what happened, with the meaning of what came of it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controlplane.core.models import AuditEvent
from controlplane.pages.selectors import page_of
from controlplane.pages.status import STATUSES

SAYS = {
    "run.requested": ("queued", "Asked for a run: {kind}"),
    "run.cancel_requested": ("canceled", "Asked Terraform to stop"),
    "run.reconcile_requested": ("outcome_unknown", "Ordered the reconciliation of a lost apply"),
    "approval.asked": ("awaiting_approval", "Asked for approval"),
    "approval.given": ("complete", "Approved"),
    "approval.refused": ("refused", "Approval"),
    "approval.revoked": ("superseded", "Took the approval back"),
    "approval.complete": ("complete", "Enough approvals"),
    "config.saved": ("not_yet", "Saved configuration v{version}"),
    "source.trusted": ("not_yet", "Trusted Terraform from {source}"),
    "source.revoked": ("not_yet", "Trusts a source of Terraform no longer"),
    "protection.saved": ("not_yet", "Saved a protection"),
    "protection.withdrawn": ("canceled", "Withdrew a weaker protection"),
    "lock.broken": ("failed", "Broke the lock"),
    "user.sign_in": ("refused", "Sign-in"),
    "user.created": ("not_yet", "Made the account {username}"),
    "user.password_changed": ("not_yet", "Changed a password"),
    "membership.created": ("not_yet", "Gave {user} the role {role}"),
    "membership.changed": ("not_yet", "Changed a membership"),
    "membership.deleted": ("not_yet", "Ended a membership"),
    "token.created": ("not_yet", "Made the API token {name}"),
    "token.revoked": ("not_yet", "Revoked an API token"),
    "webhook_secret.issued": ("not_yet", "Issued a webhook secret"),
    "webhook_secret.revoked": ("not_yet", "Revoked a webhook secret"),
    "system.created": ("not_yet", "Made the system"),
    "environment.created": ("not_yet", "Made the environment"),
    "blueprint.loaded": ("not_yet", "Loaded a blueprint"),
    "release.created": ("queued", "Release from CI"),
    "deployment.requested": ("queued", "Asked for a deployment"),
    "deployment.abort_requested": ("canceled", "Asked for the end of the deployment"),
    "deployment.promoted": ("rolling_out", "Let the deployment go on"),
    "deployment.rollback_requested": ("rolling_back", "Asked for the way back"),
}
"""Action -> the state whose meaning it has, and its words, which may name what the event says of afterwards.

Changes of state are said by their state.
"""


@dataclass(frozen=True)
class Told:
    """One event as a row of a page."""

    event: AuditEvent
    state: str
    words: str
    href: str


_PAGES = {
    "view": "Looking at a page",
    "plan": "Asking for a change",
    "approve": "Approving",
    "operate": "Operating",
    "configure": "Configuring",
}
"""What somebody was about to do on a page that was refused, by the capability that it takes."""
_FIELD = re.compile(r"[ :v]*\{(\w+)\}")


def _filled(text: str, values: Mapping[str, Any]) -> str:
    """The words with what the event says; what it does not say is left out with what leads to it."""
    return _FIELD.sub(lambda found: found[0].format_map(values) if found[1] in values else "", text)


def told(event: AuditEvent) -> Told:
    """The event in words; an action that nobody described is shown by its own name."""
    kind, _, verb = event.action.partition(".")
    if event.action in SAYS:
        state, text = SAYS[event.action]
        text = _filled(text, event.after)
    elif kind == "page" and verb in _PAGES:
        state, text = "refused", _PAGES[verb]
    elif verb in STATUSES:
        state, text = verb, f"{kind.capitalize()}: {STATUSES[verb].word.lower()}"
    else:
        state, text = "not_yet", event.action.replace("_", " ").replace(".", ": ")
    if event.refused:
        state, text = "refused", f"Refused: {text.lower()}"
    return Told(event, state, text, page_of(event.subject_kind, event.subject_id))
