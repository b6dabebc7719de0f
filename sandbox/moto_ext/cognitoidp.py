"""Cognito user pools: UpdateUserPool keeps the tags that CreateUserPool was given."""

from __future__ import annotations

from typing import Any

from moto.cognitoidp import models

from sandbox.moto_ext.hooks import use_model


class CognitoIdpUserPool(models.CognitoIdpUserPool):
    def update_extended_config(self, extended_config: dict[str, Any]) -> None:
        tags = (getattr(self, "extended_config", None) or {}).get("UserPoolTags")
        super().update_extended_config(extended_config)
        if tags:
            self.extended_config.setdefault("UserPoolTags", tags)


def install() -> None:
    use_model(models, CognitoIdpUserPool)
