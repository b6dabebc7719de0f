"""Secrets Manager: rotation is set up and read back, and a secret's value follows the label AWSCURRENT.

moto runs the rotation function in Docker and makes its version the current one, whether the function wrote it or not:
without Docker, the secret would have no value any more. Functions are not run here (docs/sandbox.md).
"""

from __future__ import annotations

import json
import time
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.secretsmanager import models
from moto.secretsmanager.exceptions import ResourceNotFoundException, SecretNotFoundException

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend

_DAY = 86_400


class SecretsManagerBackend(ExtendedBackend, models.SecretsManagerBackend):
    def rotate_secret(
        self,
        secret_id: str,
        client_request_token: str | None = None,
        rotation_lambda_arn: str | None = None,
        rotation_rules: dict[str, Any] | None = None,
        rotate_immediately: bool = True,
    ) -> str:
        if not self._is_valid_identifier(secret_id):
            raise SecretNotFoundException()
        secret = self.secrets[secret_id]
        function = rotation_lambda_arn or secret.rotation_lambda_arn
        if not function:
            return super().rotate_secret(secret_id, client_request_token, None, rotation_rules, rotate_immediately)
        try:
            lambda_backends[self.account_id][self.region_name].get_function(function)
        except Exception as error:
            raise ResourceNotFoundException(f"Resource not found for ARN '{function}'.") from error
        days = int((rotation_rules or {}).get("AutomaticallyAfterDays") or secret.auto_rotate_after_days)
        secret.rotation_requested, secret.rotation_enabled = True, True
        secret.rotation_lambda_arn, secret.auto_rotate_after_days = function, days
        secret.next_rotation_date = int(time.time()) + days * _DAY
        return json.dumps({"ARN": secret.arn, "Name": secret.name})

    def update_secret_version_stage(
        self, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str
    ) -> tuple[str, str]:
        """moto moves the label, and goes on answering the value that had it."""
        moved = super().update_secret_version_stage(
            secret_id, version_stage, remove_from_version_id, move_to_version_id
        )
        secret = self.secrets[secret_id]
        if version_stage == "AWSCURRENT" and move_to_version_id and isinstance(secret, models.FakeSecret):
            secret.set_default_version_id(move_to_version_id)
        return moved


def install() -> None:
    use_backend(models.secretsmanager_backends, SecretsManagerBackend)
