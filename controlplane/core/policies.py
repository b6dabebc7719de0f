"""Who may do what: roles as sets of capabilities, decided without a database."""

from enum import StrEnum


class Capability(StrEnum):
    VIEW = "view"
    PLAN = "plan"  # ask for runs, releases and deployments
    APPROVE = "approve"
    OPERATE = "operate"  # cancel others' work, abort, roll back, break a lock, reconcile
    CONFIGURE = "configure"  # edit environments, protections, members, tokens


class Role(StrEnum):
    VIEWER = "viewer"
    DEVELOPER = "developer"
    APPROVER = "approver"
    OPERATOR = "operator"
    ADMIN = "admin"


CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.VIEWER: frozenset({Capability.VIEW}),
    Role.DEVELOPER: frozenset({Capability.VIEW, Capability.PLAN}),
    Role.APPROVER: frozenset({Capability.VIEW, Capability.PLAN, Capability.APPROVE}),
    Role.OPERATOR: frozenset({Capability.VIEW, Capability.PLAN, Capability.APPROVE, Capability.OPERATE}),
    Role.ADMIN: frozenset(Capability),
}


def allows(role: Role | None, capability: Capability) -> bool:
    """Whether a member with this role (None: not a member) has the capability."""
    return role is not None and capability in CAPABILITIES[role]


def lowest_role(capability: Capability) -> Role:
    """The first role, from the bottom, that has the capability; for "ask an approver" sentences."""
    return next(role for role in Role if capability in CAPABILITIES[role])
