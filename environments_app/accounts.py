"""Which AWS account an environment lives in, and where its Terraform state is."""

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from django.conf import settings

from controlplane.lib.aws import Account
from controlplane.lib.errors import SlipwayError
from environments_app.models import Environment
from environments_app.schema import EnvironmentConfig
from environments_app.terraform.state import StateAddress, account_id

Work = Literal["plan", "apply", "deploy"]
"""What a role is taken for (schema.accounts.AccountRoles)."""


def account_of(environment: Environment, config: EnvironmentConfig, work: Work) -> Account:
    """The environment's account: the sandbox, or AWS under the role that its configuration names for the work."""
    role = "" if settings.SLIPWAY_IN_SANDBOX else getattr(config.account_roles, work) or config.account_role_arn or ""
    return Account(
        region=config.region,
        endpoint_url=settings.SLIPWAY_SANDBOX_URL,
        role_arn=role,
        external_id=str(environment.system.external_id) if role else "",
    )


def demand_reading_role(config: EnvironmentConfig) -> None:
    """Foreign Terraform that only looks does so with a role that can only look. Raises SlipwayError."""
    roles = config.account_roles
    others = {roles.apply or config.account_role_arn, roles.deploy, None}
    if not settings.SLIPWAY_IN_SANDBOX and roles.plan in others:
        raise SlipwayError(
            "NO_READING_ROLE",
            "Drift checks and looks with your own Terraform need a role that only reads. "
            "Make one, and have an admin set it as account_roles.plan, apart from the one to apply.",
            409,
        )


@lru_cache(maxsize=256)
def _account_id(account: Account) -> str:
    return account_id(account)


def state_address(environment: Environment, account: Account) -> StateAddress:
    """The environment's place in the account's state bucket; raises AwsError."""
    return StateAddress(
        bucket=f"slipway-state-{_account_id(account)}-{account.region}",
        key=f"{environment.system.slug}/{environment.slug}/terraform.tfstate",
        region=account.region,
    )


def credential_source(own: Mapping[str, str]) -> str:
    """Where the worker's own identity comes from, in the words of an AWS config's `credential_source`.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html; the order is the SDKs' own.
    """
    if own.get("AWS_ACCESS_KEY_ID"):
        return "Environment"
    if own.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") or own.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        return "EcsContainer"
    return "Ec2InstanceMetadata"


def aws_config_file(account: Account, own: Mapping[str, str] = os.environ) -> str:
    """A private AWS config for Terraform, so that it refreshes the role's credentials by itself; "" without a role.

    `own` is the worker's environment.
    """
    if not account.role_arn:
        return ""
    return (
        "[profile slipway]\n"
        f"region = {account.region}\n"
        f"role_arn = {account.role_arn}\n"
        f"external_id = {account.external_id}\n"
        "role_session_name = slipway\n"
        f"credential_source = {credential_source(own)}\n"
    )
