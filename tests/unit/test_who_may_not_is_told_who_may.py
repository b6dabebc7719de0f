"""A refusal for want of a role says what one is, what it takes, and whom to ask."""

import pytest

from controlplane.core import access
from controlplane.core.policies import Capability
from tests import factories


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "capability", "words"),
    [
        ("viewer", Capability.PLAN, "the role developer or above. Ask one of them, or an admin for the role."),
        ("developer", Capability.APPROVE, "the role approver or above. Ask one of them, or an admin for the role."),
        ("operator", Capability.CONFIGURE, "the role admin. Ask an admin."),
    ],
)
def test_a_role_that_is_too_low(role: str, capability: Capability, words: str) -> None:
    system = factories.system("shop")
    refused = access.check(factories.member(system, role), system, capability)
    assert refused is not None
    assert refused.message == f"You are {role} of shop; this needs {words}"
    assert refused.status == 403


@pytest.mark.django_db
def test_no_role_at_all() -> None:
    refused = access.check(factories.user("stranger"), factories.system("shop"), Capability.VIEW)
    assert refused is not None
    assert refused.message.startswith("You have no role in shop; this needs the role viewer or above.")
