"""The S3 bucket that keeps Terraform's state: made once, versioned, encrypted, private; and its lock object."""

import json
from dataclasses import dataclass
from typing import Any

from controlplane.lib.aws import Account, AwsError, calling_aws, client
from controlplane.lib.errors import SlipwayError


@dataclass(frozen=True)
class StateAddress:
    """Where an environment's state is, and the account whose bucket it must be."""

    bucket: str
    key: str
    region: str
    account_id: str

    def backend(self) -> dict[str, Any]:
        """The s3 backend's settings (`terraform init -backend-config`): locked by S3's own lock file."""
        return {
            "bucket": self.bucket,
            "key": self.key,
            "region": self.region,
            "encrypt": True,
            "use_lockfile": True,
        }


def account_id(account: Account) -> str:
    """The AWS account behind the credentials; raises AwsError."""
    with calling_aws("sts:GetCallerIdentity"):
        return str(client("sts", account).get_caller_identity()["Account"])


def ensure_bucket(account: Account, address: StateAddress) -> None:
    """Makes the bucket if it is not there, and sees to no public access, encryption and versioning.

    Versioning comes last and so tells whether an earlier attempt got to its end. Raises AwsError, and SlipwayError
    where the bucket is another account's: whoever owns it could read and change the state.
    """
    s3 = client("s3", account)
    try:
        with calling_aws("s3:HeadBucket"):
            s3.head_bucket(Bucket=address.bucket, ExpectedBucketOwner=address.account_id)
        with calling_aws("s3:GetBucketVersioning"):
            if s3.get_bucket_versioning(Bucket=address.bucket).get("Status") == "Enabled":
                return
    except AwsError as error:
        if error.aws_code == "403":
            raise SlipwayError(
                "NOT_OUR_BUCKET",
                f"The bucket of the state, {address.bucket}, belongs to another account, or the role may not see it. "
                f"See that it is account {address.account_id}'s and that the role may list it.",
                409,
            ) from error
        if error.aws_code not in {"404", "NoSuchBucket"}:
            raise
        _make_bucket(s3, address)
    with calling_aws("s3:PutPublicAccessBlock"):
        s3.put_public_access_block(
            Bucket=address.bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
    with calling_aws("s3:PutBucketEncryption"):
        s3.put_bucket_encryption(
            Bucket=address.bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
                        "BucketKeyEnabled": True,
                    }
                ]
            },
        )
    with calling_aws("s3:PutBucketVersioning"):
        s3.put_bucket_versioning(Bucket=address.bucket, VersioningConfiguration={"Status": "Enabled"})


def _make_bucket(s3: Any, address: StateAddress) -> None:
    where = {} if address.region == "us-east-1" else {"LocationConstraint": address.region}
    with calling_aws("s3:CreateBucket"):
        s3.create_bucket(Bucket=address.bucket, **({"CreateBucketConfiguration": where} if where else {}))


def read_lock(account: Account, address: StateAddress) -> dict[str, Any] | None:
    """Who holds the state lock (`<key>.tflock`: ID, Operation, Who, Created), or None."""
    try:
        with calling_aws("s3:GetObject"):
            found = client("s3", account).get_object(Bucket=address.bucket, Key=f"{address.key}.tflock")
        return dict(json.loads(found["Body"].read()))
    except AwsError as error:
        if error.aws_code in {"404", "NoSuchKey", "NoSuchBucket"}:
            return None
        raise


def remove_lock(account: Account, address: StateAddress) -> None:
    """Frees the state lock of a process that is known to be dead."""
    with calling_aws("s3:DeleteObject"):
        client("s3", account).delete_object(Bucket=address.bucket, Key=f"{address.key}.tflock")


def read_identity(account: Account, address: StateAddress) -> tuple[str, int, int]:
    """Lineage, serial and number of managed resources of the state as it is now; ("", 0, 0) before the first apply."""
    try:
        with calling_aws("s3:GetObject"):
            found = client("s3", account).get_object(Bucket=address.bucket, Key=address.key)
        state = json.loads(found["Body"].read())
    except AwsError as error:
        if error.aws_code in {"404", "NoSuchKey", "NoSuchBucket"}:
            return "", 0, 0
        raise
    managed = sum(len(item["instances"]) for item in state.get("resources", []) if item.get("mode") == "managed")
    return str(state.get("lineage", "")), int(state.get("serial", 0)), managed
