"""S3: policies without their conditional statements, replication as it was set, buckets of whom they should be.

moto ignores `Condition`, so the usual "deny where aws:SecureTransport is false" would deny every request; it says of
every replication rule that delete markers stay behind; and HeadBucket does not heed `ExpectedBucketOwner`.
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import models, responses
from moto.s3.exceptions import ReplicationConfigurationNotFoundError

from sandbox.moto_ext.hooks import use_model


class FakeBucket(models.FakeBucket):
    def get_permission(self, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        document = json.loads(self.policy.decode())
        statements = document.get("Statement", [])
        statements = statements if isinstance(statements, list) else [statements]
        document["Statement"] = [statement for statement in statements if not statement.get("Condition")]
        return IAMPolicy(json.dumps(document)).is_action_permitted(action, resource)


def _get_bucket_replication(self: responses.S3Response) -> Any:
    self.data["Action"] = "GetBucketReplication"
    found = self.backend.get_bucket_replication(self.bucket_name)
    if not found:
        raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
    rules = [
        {"DeleteMarkerReplication": {"Status": "Disabled"}, **rule, "Filter": {"Prefix": ""}} for rule in found["Rule"]
    ]
    return self.serialized(ActionResult({"ReplicationConfiguration": {"Role": found["Role"], "Rules": rules}}))


_moto_head_bucket = responses.S3Response.head_bucket


def _head_bucket(self: responses.S3Response) -> Any:
    answer = _moto_head_bucket(self)
    wanted = self.headers.get("x-amz-expected-bucket-owner")
    if answer[0] == 200 and wanted and self.backend.head_bucket(self.bucket_name).account_id != wanted:
        return 403, {}, ""
    return answer


def install() -> None:
    use_model(models, FakeBucket)
    # S3's URLs are read anew from moto's module whenever they are asked for, so methods are replaced in place.
    responses.S3Response.get_bucket_replication = _get_bucket_replication
    responses.S3Response.head_bucket = _head_bucket
