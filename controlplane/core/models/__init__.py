"""The models beneath all apps: who may do what, what was approved, who holds the lock, what was printed."""

from controlplane.core.models.approvals import Approval, ApprovalRequest
from controlplane.core.models.audit import AuditEvent, OutboxEvent
from controlplane.core.models.locks import LockCounter, LockHold
from controlplane.core.models.output import OutputChunk, OutputStream
from controlplane.core.models.people import ApiToken, Membership, System, User

__all__ = [
    "ApiToken",
    "Approval",
    "ApprovalRequest",
    "AuditEvent",
    "LockCounter",
    "LockHold",
    "Membership",
    "OutboxEvent",
    "OutputChunk",
    "OutputStream",
    "System",
    "User",
]
