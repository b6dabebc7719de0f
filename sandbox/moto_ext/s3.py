"""S3: bucket policies are evaluated without their conditional statements.

moto ignores `Condition`, so the usual "deny where aws:SecureTransport is false" would deny every request.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import models

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


def install() -> None:
    use_model(models, FakeBucket)
