"""X-Ray: sampling rules, groups and tags."""

from __future__ import annotations

import json
import time
from typing import Any

from moto.xray import models, responses, urls

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_response

# X-Ray is a REST service whose paths moto takes for actions, so the methods below are named after the paths.
_PATHS = [
    "CreateSamplingRule",
    "GetSamplingRules",
    "UpdateSamplingRule",
    "DeleteSamplingRule",
    "CreateGroup",
    "GetGroup",
    "UpdateGroup",
    "DeleteGroup",
    "Groups",
    "ListTagsForResource",
    "TagResource",
    "UntagResource",
]
_Answer = str | tuple[str, dict[str, Any]]


class XRayBackend(ExtendedBackend, models.XRayBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.rules: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, dict[str, str]] = {}


def _invalid(message: str) -> _Answer:
    body = json.dumps({"__type": "InvalidRequestException", "message": message, "Message": message})
    return body, {"status": 400, "x-amzn-errortype": "InvalidRequestException"}


class XRayResponse(responses.XRayResponse):
    def create_sampling_rule(self) -> _Answer:
        rule = {"Attributes": {}, **self.request_params["SamplingRule"]}
        rule["RuleARN"] = self._arn(f"sampling-rule/{rule['RuleName']}")
        now = time.time()
        record = {"SamplingRule": rule, "CreatedAt": now, "ModifiedAt": now}
        self.xray_backend.rules[rule["RuleName"]] = record
        self._tag(rule["RuleARN"])
        return json.dumps({"SamplingRuleRecord": record})

    def get_sampling_rules(self) -> _Answer:
        return json.dumps({"SamplingRuleRecords": list(self.xray_backend.rules.values())})

    def update_sampling_rule(self) -> _Answer:
        change = self.request_params["SamplingRuleUpdate"]
        record = self._rule(change)
        if record is None:
            return _invalid("Sampling rule not found")
        kept = {key: value for key, value in change.items() if key not in ("RuleName", "RuleARN") and value is not None}
        record["SamplingRule"].update(kept)
        record["ModifiedAt"] = time.time()
        return json.dumps({"SamplingRuleRecord": record})

    def delete_sampling_rule(self) -> _Answer:
        record = self._rule(self.request_params)
        if record is None:
            return _invalid("Sampling rule not found")
        self.xray_backend.rules.pop(record["SamplingRule"]["RuleName"])
        return json.dumps({"SamplingRuleRecord": record})

    def create_group(self) -> _Answer:
        given, name = self.request_params, self.request_params["GroupName"]
        group = {
            "GroupName": name,
            "GroupARN": self._arn(f"group/{name}/SANDBOX"),
            "FilterExpression": given.get("FilterExpression") or "",
            "InsightsConfiguration": given.get("InsightsConfiguration")
            or {"InsightsEnabled": False, "NotificationsEnabled": False},
        }
        self.xray_backend.groups[name] = group
        self._tag(group["GroupARN"])
        return json.dumps({"Group": group})

    def get_group(self) -> _Answer:
        group = self._group()
        return json.dumps({"Group": group}) if group else _invalid("Group not found")

    def groups(self) -> _Answer:
        return json.dumps({"Groups": list(self.xray_backend.groups.values())})

    def update_group(self) -> _Answer:
        group = self._group()
        if group is None:
            return _invalid("Group not found")
        for key in ("FilterExpression", "InsightsConfiguration"):
            if self.request_params.get(key) is not None:
                group[key] = self.request_params[key]
        return json.dumps({"Group": group})

    def delete_group(self) -> _Answer:
        group = self._group()
        if group is None:
            return _invalid("Group not found")
        self.xray_backend.groups.pop(group["GroupName"])
        return "{}"

    def list_tags_for_resource(self) -> _Answer:
        tags = self.xray_backend.tags.get(self.request_params["ResourceARN"], {})
        return json.dumps({"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]})

    def tag_resource(self) -> _Answer:
        self._tag(self.request_params["ResourceARN"])
        return "{}"

    def untag_resource(self) -> _Answer:
        for key in self.request_params.get("TagKeys", []):
            self.xray_backend.tags.get(self.request_params["ResourceARN"], {}).pop(key, None)
        return "{}"

    def _arn(self, resource: str) -> str:
        return f"arn:aws:xray:{self.region}:{self.current_account}:{resource}"

    def _tag(self, arn: str) -> None:
        tags = {tag["Key"]: tag["Value"] for tag in self.request_params.get("Tags") or []}
        self.xray_backend.tags.setdefault(arn, {}).update(tags)

    def _rule(self, wanted: dict[str, Any]) -> dict[str, Any] | None:
        for record in self.xray_backend.rules.values():
            rule = record["SamplingRule"]
            if rule["RuleName"] == wanted.get("RuleName") or rule["RuleARN"] == wanted.get("RuleARN"):
                return record
        return None

    def _group(self) -> dict[str, Any] | None:
        wanted = self.request_params
        for group in self.xray_backend.groups.values():
            if group["GroupName"] == wanted.get("GroupName") or group["GroupARN"] == wanted.get("GroupARN"):
                return group
        return None


def install() -> None:
    use_backend(models.xray_backends, XRayBackend)
    use_response(urls, XRayResponse)
    for path in _PATHS:
        urls.url_paths[f"{{0}}/{path}$"] = XRayResponse.dispatch  # {0} is moto's placeholder
