"""Cognito user pools: tags stay, and CloudFormation makes identity providers and reads their secrets itself."""

from __future__ import annotations

from typing import Any

from moto.cognitoidp import models
from moto.core.common_models import CloudFormationModel

from sandbox.moto_ext.dynamic_references import resolved
from sandbox.moto_ext.hooks import use_model


class CognitoIdpUserPool(models.CognitoIdpUserPool):
    """UpdateUserPool keeps the tags that CreateUserPool was given."""

    def update_extended_config(self, extended_config: dict[str, Any]) -> None:
        tags = (getattr(self, "extended_config", None) or {}).get("UserPoolTags")
        super().update_extended_config(extended_config)
        if tags:
            self.extended_config.setdefault("UserPoolTags", tags)


class CloudFormationIdentityProvider(models.CognitoIdpIdentityProvider, CloudFormationModel):
    """AWS::Cognito::UserPoolIdentityProvider."""

    pool: models.CognitoIdpUserPool

    @staticmethod
    def cloudformation_name_type() -> str:
        return "ProviderName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Cognito::UserPoolIdentityProvider"

    @property
    def physical_resource_id(self) -> str:
        return self.name

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> CloudFormationIdentityProvider:
        given = cloudformation_json["Properties"]
        provider = cls(resource_name, _settings(given, account_id, region_name))
        provider.pool = models.cognitoidp_backends[account_id][region_name].describe_user_pool(given["UserPoolId"])
        provider.pool.identity_providers[provider.name] = provider
        return provider

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> CloudFormationIdentityProvider:
        provider: CloudFormationIdentityProvider = original_resource
        provider.extended_config.update(_settings(cloudformation_json["Properties"], account_id, region_name))
        return provider

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        """Never called: moto asks the resource itself, which knows its pool."""

    def delete(self, account_id: str, region_name: str) -> None:
        self.pool.identity_providers.pop(self.name, None)


def _settings(given: dict[str, Any], account_id: str, region_name: str) -> dict[str, Any]:
    details = {name: resolved(text, account_id, region_name) for name, text in given["ProviderDetails"].items()}
    return {
        "ProviderType": given["ProviderType"],
        "ProviderDetails": details,
        "AttributeMapping": given.get("AttributeMapping", {}),
    }


def install() -> None:
    use_model(models, CognitoIdpUserPool)
