"""Looks up what a user may do in a system. Deny by default; a superuser may do everything."""

from controlplane.core.models import Membership, System, User
from controlplane.core.policies import CAPABILITIES, Capability, Role, allows, lowest_role
from controlplane.lib.errors import Refusal


def role_of(user: User | None, system: System) -> Role | None:
    """The user's role in the system; None for strangers and inactive users."""
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    found = Membership.objects.filter(user=user, system=system).values_list("role", flat=True).first()
    return Role(found) if found else None


def may(user: User | None, system: System, capability: Capability) -> bool:
    return allows(role_of(user, system), capability)


def check(user: User | None, system: System, capability: Capability) -> Refusal | None:
    """None where the user may; else why not and who can."""
    role = role_of(user, system)
    if allows(role, capability):
        return None
    stand = f"You are {role} of {system.slug}" if role else f"You have no role in {system.slug}"
    lowest = lowest_role(capability)
    way_on = "Ask an admin." if lowest is Role.ADMIN else "Ask one of them, or an admin for the role."
    return Refusal(
        "FORBIDDEN",
        f"{stand}; this needs the role {lowest}{'' if lowest is Role.ADMIN else ' or above'}. {way_on}",
        403,
        {"capability": capability.value, "role": role.value if role else None},
    )


def visible_systems(user: User | None) -> "list[System]":
    """The systems that the user has any role in, by slug."""
    if user is None or not user.is_authenticated or not user.is_active:
        return []
    if user.is_superuser:
        return list(System.objects.all())
    return list(System.objects.filter(memberships__user=user))


def roles_by_system(user: User) -> dict[str, Role]:
    """The user's role by system slug, in one query."""
    if user.is_superuser:
        return {system.slug: Role.ADMIN for system in System.objects.all()}
    rows = Membership.objects.filter(user=user).values_list("system__slug", "role")
    return {slug: Role(role) for slug, role in rows}


def systems_where(user: User, capability: Capability) -> list[System]:
    """The systems in which the user has the capability."""
    if user.is_superuser:
        return list(System.objects.all())
    roles = [role for role in Role if capability in CAPABILITIES[role]]
    return list(System.objects.filter(memberships__user=user, memberships__role__in=roles))
