"""boto3 clients per account: short time-outs, bounded retries, a role assumed where one is set."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.loaders import create_loader
from botocore.session import Session as BotocoreSession
from botocore.session import get_session

SANDBOX_KEY = "slipway"
"""The sandbox takes any key that is not shaped like a real one."""


@dataclass(frozen=True)
class Account:
    """Where an environment lives. `endpoint_url` is set for the sandbox only; an empty role means the own identity."""

    region: str
    endpoint_url: str = ""
    role_arn: str = ""
    external_id: str = ""


CONFIG = Config(
    connect_timeout=3,
    read_timeout=20,
    retries={"mode": "standard", "max_attempts": 3},
    user_agent_extra="slipway",
)


_LOADER = create_loader()
"""One for all clients: reading a service's description costs some 200 ms, a further client of it then 15."""


@lru_cache(maxsize=256)
def client(service: str, account: Account) -> Any:
    """A thread-safe client, kept for the process; credentials of a role refresh themselves."""
    session = get_session()
    session.register_component("data_loader", _LOADER)
    options: dict[str, Any] = {"region_name": account.region, "config": CONFIG}
    if account.endpoint_url:
        options |= {
            "endpoint_url": account.endpoint_url,
            "aws_access_key_id": SANDBOX_KEY,
            "aws_secret_access_key": SANDBOX_KEY,
        }
    elif account.role_arn:
        _assume(session, account)
    return boto3.Session(botocore_session=session).client(service, **options)


def read_descriptions(services: Iterable[str]) -> None:
    """Has botocore read what it needs from the disk for clients of these services; opens no connection."""
    for service in services:
        # These clients are never used. One with an endpoint looks for no credentials, and so asks nobody for them.
        client(service, Account(region="us-east-1", endpoint_url="http://localhost"))


def _assume(session: BotocoreSession, account: Account) -> None:
    source = session.get_credentials()
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=session.create_client,
        source_credentials=source or Credentials("", ""),
        role_arn=account.role_arn,
        extra_args={"RoleSessionName": "slipway", "ExternalId": account.external_id},
    )
    # botocore offers no public way to hand in refreshable credentials; this attribute is what its docs' examples use.
    session._credentials = DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)
