"""ElastiCache: users can be changed, user groups exist, CloudFormation makes users and reads their passwords itself."""

from __future__ import annotations

from typing import Any, cast

from moto.core.common_models import CloudFormationModel
from moto.core.responses import ActionResult
from moto.elasticache import models, responses
from moto.elasticache.exceptions import ElastiCacheException

from sandbox.moto_ext.dynamic_references import resolved


class UserGroupNotFound(ElastiCacheException):
    code = "UserGroupNotFound"

    def __init__(self, group: str) -> None:
        super().__init__(f"UserGroup {group} not found.")


class UserGroupAlreadyExists(ElastiCacheException):
    code = "UserGroupAlreadyExists"

    def __init__(self, group: str) -> None:
        super().__init__(f"UserGroup {group} already exists.")


class DefaultUserRequired(ElastiCacheException):
    code = "DefaultUserRequired"

    def __init__(self) -> None:
        super().__init__("A user group of the engine redis needs a user whose name is default.")


class UsersOfElastiCache(models.ElastiCacheBackend):
    """The part of the backend that knows users and their groups."""

    user_groups: dict[str, dict[str, Any]]

    def modify_user(self, user_id: str, given: dict[str, Any]) -> models.User:
        user = self.describe_users(user_id)[0]
        mode = given.get("AuthenticationMode") or {}
        passwords = given.get("Passwords") or mode.get("Passwords")
        if given.get("AccessString"):
            user.access_string = given["AccessString"]
        if passwords:
            user.passwords, user.no_password_required, user.authentication_type = passwords, False, "password"
        elif mode.get("Type"):
            user.passwords, user.authentication_type = [], mode["Type"]
        return user

    def create_user_group(self, group: str, engine: str, user_ids: list[str], tags: Any) -> dict[str, Any]:
        if group in self.user_groups:
            raise UserGroupAlreadyExists(group)
        users = [self.describe_users(user_id)[0] for user_id in user_ids]
        if engine.lower() == "redis" and "default" not in {user.name for user in users}:
            raise DefaultUserRequired
        arn = f"arn:aws:elasticache:{self.region_name}:{self.account_id}:usergroup:{group}"
        self.user_groups[group] = {
            "UserGroupId": group,
            "Status": "active",
            "Engine": engine.lower(),
            "UserIds": user_ids,
            "MinimumEngineVersion": "6.0",
            "ARN": arn,
        }
        if tags:
            self.tagging_service.tag_resource(arn, tags)
        return self.described_user_group(group)

    def described_user_group(self, group: str) -> dict[str, Any]:
        if group not in self.user_groups:
            raise UserGroupNotFound(group)
        using = [key for key, each in self.replication_groups.items() if group in (each.user_group_ids or [])]
        return self.user_groups[group] | {"ReplicationGroups": using}


class UsersOfElastiCacheResponse(responses.ElastiCacheResponse):
    def modify_user(self) -> ActionResult:
        return ActionResult(self.users.modify_user(self._get_param("UserId"), self._get_params()))

    def create_user_group(self) -> ActionResult:
        group = self.users.create_user_group(
            self._get_param("UserGroupId"),
            self._get_param("Engine"),
            self._get_param("UserIds", []),
            self._get_param("Tags"),
        )
        return ActionResult(group)

    def describe_user_groups(self) -> ActionResult:
        asked = self._get_param("UserGroupId")
        groups = [asked] if asked else list(self.users.user_groups)
        return ActionResult({"UserGroups": [self.users.described_user_group(group) for group in groups]})

    def modify_user_group(self) -> ActionResult:
        group = self.users.described_user_group(self._get_param("UserGroupId"))
        added, removed = self._get_param("UserIdsToAdd", []), self._get_param("UserIdsToRemove", [])
        kept = [user for user in group["UserIds"] if user not in removed]
        self.users.user_groups[group["UserGroupId"]]["UserIds"] = [*kept, *added]
        return ActionResult(self.users.described_user_group(group["UserGroupId"]))

    def delete_user_group(self) -> ActionResult:
        group = self.users.described_user_group(self._get_param("UserGroupId"))
        del self.users.user_groups[group["UserGroupId"]]
        return ActionResult(group | {"Status": "deleting"})

    @property
    def users(self) -> UsersOfElastiCache:
        return cast(UsersOfElastiCache, self.elasticache_backend)


class CloudFormationUser(models.User, CloudFormationModel):
    """AWS::ElastiCache::User. A dynamic reference to a secret is read here, as CloudFormation does."""

    @staticmethod
    def cloudformation_name_type() -> str:
        return "UserId"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ElastiCache::User"

    @property
    def physical_resource_id(self) -> str:
        return self.id

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> CloudFormationUser:
        given = cloudformation_json["Properties"]
        user = cls(
            account_id,
            region_name,
            user_id=resource_name,
            user_name=given["UserName"],
            access_string=given["AccessString"],
            engine=given["Engine"],
            no_password_required=False,
            passwords=[resolved(text, account_id, region_name) for text in given.get("Passwords", [])],
            authentication_type="password",
        )
        models.elasticache_backends[account_id][region_name].users[user.id] = user
        return user

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> CloudFormationUser:
        given = cloudformation_json["Properties"]
        original_resource.access_string = given["AccessString"]
        original_resource.passwords = [resolved(text, account_id, region_name) for text in given.get("Passwords", [])]
        user: CloudFormationUser = original_resource
        return user

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        models.elasticache_backends[account_id][region_name].users.pop(resource_name, None)
