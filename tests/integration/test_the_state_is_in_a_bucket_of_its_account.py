"""Terraform's state lies in S3: encrypted, versioned, private, locked there, in nobody else's bucket."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from controlplane.lib.aws import Account
from controlplane.lib.errors import SlipwayError
from environments_app.terraform.state import StateAddress, ensure_bucket
from tests.sandbox_fixture import SandboxProcess, start_sandbox

ADDRESS = StateAddress("slipway-state-123456789012-eu-west-1", "shop/production.tfstate", "eu-west-1", "123456789012")


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def account(sandbox: SandboxProcess) -> Account:
    return Account("eu-west-1", endpoint_url=sandbox.url)


def how_it_is(sandbox: SandboxProcess) -> dict[str, Any]:
    s3 = sandbox.client("s3", "eu-west-1")
    rules = s3.get_bucket_encryption(Bucket=ADDRESS.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    return {
        "versioning": s3.get_bucket_versioning(Bucket=ADDRESS.bucket)["Status"],
        "encryption": rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
        "private": all(s3.get_public_access_block(Bucket=ADDRESS.bucket)["PublicAccessBlockConfiguration"].values()),
    }


SAFE = {"versioning": "Enabled", "encryption": "aws:kms", "private": True}


def test_the_backend_encrypts_and_locks_in_s3() -> None:
    assert ADDRESS.backend() == {
        "bucket": "slipway-state-123456789012-eu-west-1",
        "key": "shop/production.tfstate",
        "region": "eu-west-1",
        "encrypt": True,
        "use_lockfile": True,
    }


def test_the_bucket_is_made_once(sandbox: SandboxProcess, account: Account) -> None:
    ensure_bucket(account, ADDRESS)
    assert how_it_is(sandbox) == SAFE
    made = sandbox.control("GET", "calls?mutating=1")
    ensure_bucket(account, ADDRESS)
    assert sandbox.control("GET", "calls?mutating=1") == made, "what is there is left as it is"


@pytest.mark.parametrize("fails", ["PutPublicAccessBlock", "PutBucketEncryption", "PutBucketVersioning"])
def test_what_broke_off_is_finished_the_next_time(sandbox: SandboxProcess, account: Account, fails: str) -> None:
    sandbox.control("POST", "faults", {"kind": "throttle", "service": "s3", "action": fails})
    with pytest.raises(SlipwayError):
        ensure_bucket(account, ADDRESS)
    sandbox.control("DELETE", "faults")

    ensure_bucket(account, ADDRESS)
    assert how_it_is(sandbox) == SAFE


def test_a_bucket_of_somebody_else_is_refused(sandbox: SandboxProcess, account: Account) -> None:
    sts = sandbox.client("sts")
    stranger = sts.assume_role(RoleArn="arn:aws:iam::999999999999:role/stranger", RoleSessionName="stranger")[
        "Credentials"
    ]
    theirs = sandbox.client("s3", "eu-west-1", key=stranger["AccessKeyId"])
    theirs.create_bucket(Bucket=ADDRESS.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    theirs.put_bucket_versioning(Bucket=ADDRESS.bucket, VersioningConfiguration={"Status": "Enabled"})

    with pytest.raises(SlipwayError, match="belongs to another account"):
        ensure_bucket(account, ADDRESS)
    with pytest.raises(ClientError):
        sandbox.client("s3").head_object(Bucket=ADDRESS.bucket, Key=ADDRESS.key)
