"""Terraform's state lies encrypted in S3 and is locked by S3's own lock file: no table of DynamoDB is needed."""

from environments_app.terraform.state import StateAddress


def test_the_backend_encrypts_and_locks_in_s3() -> None:
    backend = StateAddress("slipway-state-123456789012-us-east-1", "shop/production.tfstate", "us-east-1").backend()

    assert backend == {
        "bucket": "slipway-state-123456789012-us-east-1",
        "key": "shop/production.tfstate",
        "region": "us-east-1",
        "encrypt": True,
        "use_lockfile": True,
    }
