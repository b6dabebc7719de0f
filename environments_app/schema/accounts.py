"""Which roles Slipway takes in the environment's account."""

from pydantic import Field

from environments_app.schema.base import RoleArn, Section


class AccountRoles(Section):
    """A role for each kind of work; one that is null is the environment's account_role_arn."""

    plan: RoleArn | None = Field(
        default=None, description="Role that plans and looks for drift: reads, and writes only the state's lock"
    )
    apply: RoleArn | None = Field(default=None, description="Role that Terraform applies with")
    deploy: RoleArn | None = Field(default=None, description="Role of the release controller")
