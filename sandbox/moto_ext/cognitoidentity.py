"""Cognito identity pools: which role their users take."""

from __future__ import annotations

import json
from typing import Any, cast

from moto.cognitoidentity import models, responses, urls

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_response


class CognitoIdentityBackend(ExtendedBackend, models.CognitoIdentityBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.roles: dict[str, dict[str, Any]] = {}

    def delete_identity_pool(self, identity_pool_id: str) -> None:
        super().delete_identity_pool(identity_pool_id)
        self.roles.pop(identity_pool_id, None)


class CognitoIdentityResponse(responses.CognitoIdentityResponse):
    def set_identity_pool_roles(self) -> str:
        pool = self._get_param("IdentityPoolId")
        self.backend.describe_identity_pool(pool)
        self.kept[pool] = {
            "Roles": self._get_param("Roles") or {},
            "RoleMappings": self._get_param("RoleMappings") or {},
        }
        return ""

    def get_identity_pool_roles(self) -> str:
        pool = self._get_param("IdentityPoolId")
        self.backend.describe_identity_pool(pool)
        return json.dumps({"IdentityPoolId": pool} | self.kept.get(pool, {}))

    @property
    def kept(self) -> dict[str, dict[str, Any]]:
        return cast(CognitoIdentityBackend, self.backend).roles


def install() -> None:
    use_backend(models.cognitoidentity_backends, CognitoIdentityBackend)
    use_response(urls, CognitoIdentityResponse)
