"""Audit events become sentences that say what happened, of refusals what was refused, and no machine's names."""

from typing import Any

import pytest

from controlplane.core.models import AuditEvent
from controlplane.pages.history import told


@pytest.mark.parametrize(
    ("action", "after", "refused", "words"),
    [
        ("config.saved", {"version": 3}, False, "Saved configuration v3"),
        ("config.saved", {}, True, "Refused: saved configuration"),
        ("run.requested", {"kind": "apply"}, False, "Asked for a run: apply"),
        ("run.requested", {}, True, "Refused: asked for a run"),
        ("membership.created", {"user": "ann", "role": "approver"}, False, "Gave ann the role approver"),
        ("page.approve", {}, True, "Refused: approving"),
        ("page.configure", {}, True, "Refused: configuring"),
        ("run.applied", {}, False, "Run: applied"),
        ("thing.never_described", {}, False, "thing: never described"),
    ],
)
def test_an_event_in_words(action: str, after: dict[str, Any], refused: bool, words: str) -> None:
    assert told(AuditEvent(action=action, after=after, refused=refused)).words == words
