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

READABLE_IDENTITIES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
"""Identities of the worker that Terraform would hold as text: in its config, its environment, or a file."""
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
    number = _account_id(account)
    return StateAddress(
        bucket=f"slipway-state-{number}-{account.region}",
        key=f"{environment.system.slug}/{environment.slug}/terraform.tfstate",
        region=account.region,
        account_id=number,
    )


def aws_config_file(account: Account, own: Mapping[str, str] = os.environ, *, is_foreign: bool = False) -> str:
    """A private AWS config for Terraform, so that it refreshes the role's credentials by itself; "" without a role.

    `own` is the worker's environment. Raises SlipwayError where the worker's own identity is a profile, and for
    foreign code where it would lie in that file or in Terraform's environment: no inspection sees all that code does.
    """
    if is_foreign and not account.endpoint_url and any(own.get(name) for name in READABLE_IDENTITIES):
        raise SlipwayError(
            "IDENTITY_IN_REACH",
            "The workers' own AWS identity is keys or a token, which your own Terraform could read. "
            "Give the workers an instance profile or an ECS task role, then plan again; nothing was changed.",
            409,
        )
    if not account.role_arn:
        return ""
    return _section(
        "profile slipway",
        region=account.region,
        role_arn=account.role_arn,
        external_id=account.external_id,
        role_session_name="slipway",
    ) + _source(own)


def _source(own: Mapping[str, str]) -> str:
    """How the profile that stands above comes to the worker's own identity; the order is the SDKs' own.

    Keys and tokens get a profile of their own. In Terraform's environment, where the SDK for Go finds them before any
    profile, they would be used in the role's place (commands.environment leaves them out).
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
    """
    if own.get("AWS_ACCESS_KEY_ID"):
        return _from_worker(
            aws_access_key_id=own["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=own.get("AWS_SECRET_ACCESS_KEY", ""),
            aws_session_token=own.get("AWS_SESSION_TOKEN", ""),
        )
    if own.get("AWS_PROFILE"):
        raise SlipwayError(
            "NO_SOURCE_OF_ROLE",
            f"The workers' own identity is the AWS profile {own['AWS_PROFILE']}, from which Terraform cannot take "
            "a role. Give the workers an instance profile, a task role, a web identity or access keys.",
            409,
        )
    if own.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return _from_worker(
            web_identity_token_file=own["AWS_WEB_IDENTITY_TOKEN_FILE"],
            role_arn=own.get("AWS_ROLE_ARN", ""),
            role_session_name=own.get("AWS_ROLE_SESSION_NAME", "slipway"),
        )
    in_container = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    source = "EcsContainer" if any(own.get(name) for name in in_container) else "Ec2InstanceMetadata"
    return f"credential_source = {source}\n"


def _from_worker(**settings: str) -> str:
    return "source_profile = worker\n" + _section("profile worker", **settings)


def _section(title: str, **settings: str) -> str:
    return f"[{title}]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items() if value)
