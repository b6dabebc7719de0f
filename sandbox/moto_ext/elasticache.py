"""ElastiCache: parameter groups, changes to subnet groups and clusters, members of replication groups, deletes."""

from __future__ import annotations

import inspect
import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache import models, urls
from moto.elasticache.exceptions import CacheSubnetGroupNotFound, ElastiCacheException

from sandbox.moto_ext.elasticache_users import UsersOfElastiCache, UsersOfElastiCacheResponse
from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_model, use_response

_ARN = re.compile(
    r"^arn:aws:elasticache:.*:[0-9]*:(cluster|snapshot|subnetgroup|replicationgroup|user|usergroup|parametergroup):.*$"
)
_MODIFIABLE = {
    "CacheNodeType": "cache_node_type",
    "EngineVersion": "engine_version",
    "CacheParameterGroupName": "cache_parameter_group_name",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "SnapshotWindow": "snapshot_window",
    "SnapshotRetentionLimit": "snapshot_retention_limit",
    "SecurityGroupIds": "security_group_ids",
    "NotificationTopicArn": "notification_topic_arn",
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "NumCacheNodes": "num_cache_nodes",
    "TransitEncryptionEnabled": "transit_encryption_enabled",
    "TransitEncryptionMode": "transit_encryption_mode",
}
_CLUSTER_ARGUMENTS = list(inspect.signature(models.CacheCluster.__init__).parameters)[1:]


class CacheParameterGroupNotFound(ElastiCacheException):
    code = "CacheParameterGroupNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"CacheParameterGroup {name} not found.")


class CacheParameterGroupAlreadyExists(ElastiCacheException):
    code = "CacheParameterGroupAlreadyExists"

    def __init__(self, name: str) -> None:
        super().__init__(f"CacheParameterGroup {name} already exists.")


class CacheCluster(models.CacheCluster):
    """What DescribeCacheClusters must answer beyond moto's attributes."""

    @property
    def security_groups(self) -> list[dict[str, str]]:
        return [{"SecurityGroupId": group, "Status": "active"} for group in self.security_group_ids]

    @property
    def cache_parameter_group(self) -> dict[str, str]:
        name = self.cache_parameter_group_name or "default.redis7"
        return {"CacheParameterGroupName": name, "ParameterApplyStatus": "in-sync"}

    @property
    def cache_nodes(self) -> list[dict[str, Any]]:
        return [
            {
                "CacheNodeId": f"{number:04d}",
                "CacheNodeStatus": "available",
                "CustomerAvailabilityZone": self.preferred_availability_zone or "us-east-1a",
                "CacheNodeCreateTime": self.cache_cluster_create_time,
                "Endpoint": {
                    "Address": f"{self.cache_cluster_id}.sandbox.{number:04d}.use1.cache.amazonaws.com",
                    "Port": int(self.port),
                },
            }
            for number in range(1, int(self.num_cache_nodes or 1) + 1)
        ]


class ReplicationGroup(models.ReplicationGroup):
    def _set_node_members_clusters_disabled(self, *args: Any, **kwargs: Any) -> None:
        """moto counts replicas only; callers may give the number of clusters instead."""
        if not kwargs.get("replicas_per_node_group"):
            kwargs["replicas_per_node_group"] = kwargs.get("num_cache_clusters", 1) - 1
        super()._set_node_members_clusters_disabled(*args, **kwargs)


class ElastiCacheBackend(ExtendedBackend, UsersOfElastiCache):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.arn_regex = _ARN
        self.parameter_groups: dict[str, dict[str, Any]] = {}
        self.parameters: dict[str, dict[str, str]] = {}
        self.user_groups = {}

    def parameter_group(self, name: str) -> dict[str, Any]:
        if name in self.parameter_groups:
            return self.parameter_groups[name]
        if name.startswith("default."):
            return self._new_parameter_group(name, name.removeprefix("default.").split(".cluster")[0], "default")
        raise CacheParameterGroupNotFound(name)

    def create_parameter_group(self, name: str, family: str, description: str, tags: Any) -> dict[str, Any]:
        if name in self.parameter_groups:
            raise CacheParameterGroupAlreadyExists(name)
        group = self.parameter_groups[name] = self._new_parameter_group(name, family, description)
        self.parameters[name] = {}
        if tags:
            self.tagging_service.tag_resource(group["ARN"], tags)
        return group

    def create_replication_group(self, **kwargs: Any) -> models.ReplicationGroup:
        """Members are cache clusters that can be described; moto only names them.

        Cluster mode follows from the shards or the parameter group, as in AWS; moto waits to be told.
        """
        if self._is_clustered(kwargs):
            kwargs["cluster_mode"] = "enabled"
        group = super().create_replication_group(**kwargs)
        for node_group in group.node_groups:
            for member in node_group["node_group_members"]:
                arguments: dict[str, Any] = {name: kwargs.get(name) for name in _CLUSTER_ARGUMENTS}
                arguments |= {
                    "account_id": self.account_id,
                    "region_name": self.region_name,
                    "cache_cluster_id": member["cache_cluster_id"],
                    "replication_group_id": group.replication_group_id,
                    "engine": "redis",  # moto sets a member's attributes for this engine only
                    "num_cache_nodes": 1,
                    "preferred_availability_zone": member.get("preferred_availability_zone"),
                    "log_delivery_configurations": [],
                }
                cluster = CacheCluster(**arguments)
                cluster.engine = group.engine
                cluster.at_rest_encryption_enabled = group.at_rest_encryption_enabled
                self.cache_clusters[cluster.cache_cluster_id] = cluster
        return group

    def delete_cache_cluster(self, cache_cluster_id: str) -> models.CacheCluster:
        cluster = super().delete_cache_cluster(cache_cluster_id)
        self.cache_clusters.pop(cache_cluster_id)
        return cluster

    def delete_replication_group(
        self, replication_group_id: str, retain_primary_cluster: bool | None = None
    ) -> models.ReplicationGroup:
        former = self.replication_groups.get(replication_group_id)
        members = list(former.member_clusters) if former else []
        group = super().delete_replication_group(replication_group_id, retain_primary_cluster)
        self.replication_groups.pop(replication_group_id)
        for member in members:
            self.cache_clusters.pop(member, None)
        return group

    def _is_clustered(self, given: dict[str, Any]) -> bool:
        name = given.get("cache_parameter_group_name") or ""
        parameters = self.parameters.get(name, {})
        return (
            int(given.get("num_node_groups") or 0) > 1
            or parameters.get("cluster-enabled") == "yes"
            or name.endswith(".cluster.on")
        )

    def _new_parameter_group(self, name: str, family: str, description: str) -> dict[str, Any]:
        return {
            "CacheParameterGroupName": name,
            "CacheParameterGroupFamily": family,
            "Description": description,
            "IsGlobal": False,
            "ARN": f"arn:aws:elasticache:{self.region_name}:{self.account_id}:parametergroup:{name}",
        }


class ElastiCacheResponse(UsersOfElastiCacheResponse):
    def create_cache_parameter_group(self) -> ActionResult:
        group = self.elasticache_backend.create_parameter_group(
            self._get_param("CacheParameterGroupName"),
            self._get_param("CacheParameterGroupFamily"),
            self._get_param("Description"),
            self._get_param("Tags"),
        )
        return ActionResult({"CacheParameterGroup": group})

    def describe_cache_parameter_groups(self) -> ActionResult:
        backend, name = self.elasticache_backend, self._get_param("CacheParameterGroupName")
        groups = [backend.parameter_group(name)] if name else list(backend.parameter_groups.values())
        return ActionResult({"CacheParameterGroups": groups})

    def describe_cache_parameters(self) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        self.elasticache_backend.parameter_group(name)
        parameters = self.elasticache_backend.parameters.get(name, {})
        described = [
            {
                "ParameterName": key,
                "ParameterValue": value,
                "Source": "user",
                "DataType": "string",
                "IsModifiable": True,
            }
            for key, value in parameters.items()
        ]
        return ActionResult({"Parameters": described})

    def modify_cache_parameter_group(self) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        self.elasticache_backend.parameter_group(name)
        for parameter in self._get_param("ParameterNameValues", []):
            self.elasticache_backend.parameters[name][parameter["ParameterName"]] = parameter["ParameterValue"]
        return ActionResult({"CacheParameterGroupName": name})

    def reset_cache_parameter_group(self) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        self.elasticache_backend.parameter_group(name)
        parameters = self.elasticache_backend.parameters[name]
        if self._get_bool_param("ResetAllParameters"):
            parameters.clear()
        for parameter in self._get_param("ParameterNameValues", []):
            parameters.pop(parameter["ParameterName"], None)
        return ActionResult({"CacheParameterGroupName": name})

    def delete_cache_parameter_group(self) -> EmptyResult:
        name = self._get_param("CacheParameterGroupName")
        self.elasticache_backend.parameter_group(name)
        self.elasticache_backend.parameter_groups.pop(name, None)
        self.elasticache_backend.parameters.pop(name, None)
        return EmptyResult()

    def delete_cache_subnet_group(self) -> EmptyResult:
        name = self._get_param("CacheSubnetGroupName")
        if self.elasticache_backend.cache_subnet_groups.pop(name, None) is None:
            raise CacheSubnetGroupNotFound(name)
        return EmptyResult()

    def modify_cache_subnet_group(self) -> ActionResult:
        backend, name = self.elasticache_backend, self._get_param("CacheSubnetGroupName")
        former = backend.describe_cache_subnet_groups(name)[0]
        backend.cache_subnet_groups.pop(name)
        group = backend.create_cache_subnet_group(
            name,
            self._get_param("CacheSubnetGroupDescription") or former.cache_subnet_group_description,
            self._get_param("SubnetIds") or former.subnet_ids,
            None,
        )
        return ActionResult({"CacheSubnetGroup": group})

    def modify_cache_cluster(self) -> ActionResult:
        cluster = self.elasticache_backend.describe_cache_clusters(self._get_param("CacheClusterId"))[0]
        self._modify(cluster)
        return ActionResult({"CacheCluster": cluster})

    def modify_replication_group(self) -> ActionResult:
        result = super().modify_replication_group()
        group: Any = result.result["ReplicationGroup"]
        self._modify(group)
        for member in group.member_clusters:
            if cluster := self.elasticache_backend.cache_clusters.get(member):
                self._modify(cluster)
        return result

    def _modify(self, resource: Any) -> None:
        for parameter, attribute in _MODIFIABLE.items():
            if (value := self._get_param(parameter)) is not None:
                setattr(resource, attribute, value)


def install() -> None:
    use_model(models, CacheCluster)
    use_model(models, ReplicationGroup)
    use_backend(models.elasticache_backends, ElastiCacheBackend)
    use_response(urls, ElastiCacheResponse)
