"""Roles in the environment's account for people: who may read it, and who may operate it."""

from typing import Annotated

from pydantic import Field, StringConstraints

from environments_app.schema.base import Section

Principal = Annotated[
    str,
    StringConstraints(pattern=r"^(account|arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|user/.+|role/.+|assumed-role/.+))$"),
]
"""Who may take a role; `account`: whom the environment's own account lets, by the policies of its IAM."""


class PeopleRoles(Section):
    """IAM roles that people take (infrastructure/terraform/modules/people_roles says what each may do)."""

    developers: tuple[Principal, ...] = Field(
        default=(),
        description="Who may take the developer role: account, or ARNs of accounts, roles or users; empty: none",
    )
    admins: tuple[Principal, ...] = Field(
        default=(), description="Who may take the admin role: account, or ARNs of accounts, roles or users; empty: none"
    )
    require_mfa: bool = Field(
        default=True, description="Whether a second factor is demanded; IAM Identity Center's sessions do not show it"
    )
    session_hours: Annotated[int, Field(ge=1, le=12)] = Field(default=4, description="Longest session, in hours")
