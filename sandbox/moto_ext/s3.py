"""S3: bucket policies are evaluated without their conditional statements; replication is answered as it was set.

moto ignores `Condition`, so the usual "deny where aws:SecureTransport is false" would deny every request; and it says
of every replication rule that delete markers stay behind.
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


def install() -> None:
    use_model(models, FakeBucket)
    # S3's URLs are read anew from moto's module whenever they are asked for, so the method is replaced in place.
    responses.S3Response.get_bucket_replication = _get_bucket_replication
