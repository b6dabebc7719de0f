"""Roles in the environment's account for people: who may read it, and who may operate it."""

from typing import Annotated

from pydantic import Field, StringConstraints

from environments_app.schema.base import Section

Principal = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|user/.+|role/.+|assumed-role/.+)$")
]


class PeopleRoles(Section):
    """IAM roles that people take (infrastructure/terraform/modules/people_roles says what each may do)."""

    developers: tuple[Principal, ...] = Field(
        default=(), description="ARNs of accounts, roles or users that may take the developer role; empty: no such role"
    )
    admins: tuple[Principal, ...] = Field(
        default=(), description="ARNs of accounts, roles or users that may take the admin role; empty: no such role"
    )
    require_mfa: bool = Field(
        default=True, description="Whether a second factor is demanded; IAM Identity Center's sessions do not show it"
    )
    session_hours: Annotated[int, Field(ge=1, le=12)] = Field(default=4, description="Longest session, in hours")
