"""RDS: instances of their own identity, Performance Insights, parameters that say where they come from."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from typing import Any

from moto.core.responses import ActionResult
from moto.rds import models, responses, urls, utils

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_model, use_response

# What AWS does not carry over from the source of a replica or a restore (argument, attribute, value).
_NOT_INHERITED = (
    ("monitoring_interval", "monitoring_interval", 0),
    ("monitoring_role_arn", "monitoring_role_arn", None),
    ("enable_performance_insights", "performance_insights_enabled", False),
    ("copy_tags_to_snapshot", "copy_tags_to_snapshot", False),
)
_overlap = utils.get_overlap_between_two_date_ranges


def _new_resource_id() -> str:
    return "db-" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(26))


def _overlap_of_open_ranges(*ranges: Any) -> int:
    """moto counts windows that only touch as overlapping (0 s is not less than 0)."""
    return _overlap(*ranges) - 1


class DBInstance(models.DBInstance):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dbi_resource_id = _new_resource_id()
        self._keep_performance_insights(kwargs)

    def update(self, *args: Any, **kwargs: Any) -> None:
        super().update(*args, **kwargs)
        self._keep_performance_insights(kwargs)

    def forget_source(self, given: dict[str, Any]) -> None:
        """Become an instance of one's own after having been copied from another."""
        self.dbi_resource_id = _new_resource_id()
        for argument, attribute, value in _NOT_INHERITED:
            if given.get(argument) is None:
                setattr(self, attribute, value)
        if given.get("enable_cloudwatch_logs_exports") is None:
            self.enabled_cloudwatch_logs_exports: list[str] = []
        if given.get("max_allocated_storage") is None:
            self.max_allocated_storage = self.allocated_storage

    def _keep_performance_insights(self, given: dict[str, Any]) -> None:
        if given.get("enable_performance_insights") is not None:
            self.performance_insights_enabled = bool(given["enable_performance_insights"])
        if given.get("performance_insights_retention_period"):
            self.performance_insights_retention_period = int(given["performance_insights_retention_period"])
        if given.get("performance_insights_kms_key_id"):
            self.performance_insights_kms_key_id = given["performance_insights_kms_key_id"]


class DBParameterGroup(models.DBParameterGroup):
    def update_parameters(self, new_parameters: Iterable[dict[str, Any]]) -> None:
        super().update_parameters(new_parameters)
        for parameter in self.parameters.values():
            parameter["Source"] = "user"  # the provider overlooks parameters without a source


class RDSBackend(ExtendedBackend, models.RDSBackend):
    def restore_db_instance_from_db_snapshot(self, from_snapshot_id: str, overrides: dict[str, Any]) -> Any:
        instance = super().restore_db_instance_from_db_snapshot(from_snapshot_id, overrides)
        instance.forget_source(overrides)
        return instance

    def create_db_instance_read_replica(self, db_kwargs: dict[str, Any]) -> Any:
        replica = super().create_db_instance_read_replica(db_kwargs)
        replica.forget_source(db_kwargs)
        return replica


class RDSResponse(responses.RDSResponse):
    def reset_db_parameter_group(self) -> ActionResult:
        name = self.params["DBParameterGroupName"]
        group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
        if self.params.get("ResetAllParameters"):
            group.parameters.clear()
        for parameter in self.params.get("Parameters", []):
            group.parameters.pop(parameter.get("ParameterName"), None)
        return ActionResult({"DBParameterGroupName": name})


def install() -> None:
    utils.get_overlap_between_two_date_ranges = _overlap_of_open_ranges
    use_model(models, DBInstance)
    use_model(models, DBParameterGroup)
    use_backend(models.rds_backends, RDSBackend)
    use_response(urls, RDSResponse)
