"""EC2: descriptions of security group rules that name groups or prefix lists, launch templates without their own tags
in the data, a private DNS name for every network interface.
"""

from __future__ import annotations

from inspect import signature
from typing import Any

from moto.ec2.models import security_groups
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.launch_templates import LaunchTemplateBackend

from sandbox.moto_ext.hooks import use_model

_RULE = signature(security_groups.SecurityGroupRule)
_create_launch_template = LaunchTemplateBackend.create_launch_template


class SecurityGroupRule(security_groups.SecurityGroupRule):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = _RULE.bind(*args, **kwargs).arguments
        self.prefix_list: dict[str, str] = given.get("prefix_list_id") or {}

    @property
    def description(self) -> str | None:
        """moto looks at ranges only; a rule that names a group or a prefix list has its description there."""
        text: str | None = self.ip_range.get("Description") or self.source_group.get("Description")
        return text or self.prefix_list.get("Description")


def _without_own_tags(
    self: LaunchTemplateBackend, name: str, description: str, template_data: dict[str, Any], tag_spec: Any
) -> Any:
    specifications = template_data.get("TagSpecifications", [])
    kept = [tags for tags in specifications if tags.get("ResourceType") != "launch-template"]
    data = {key: value for key, value in template_data.items() if key != "TagSpecifications"}
    if kept:
        data["TagSpecifications"] = kept
    return _create_launch_template(self, name, description, data, tag_spec)


def install() -> None:
    use_model(security_groups, SecurityGroupRule)
    # EC2Backend inherits from some eighty mixins; replacing one of them means patching it in place.
    LaunchTemplateBackend.create_launch_template = _without_own_tags
    NetworkInterface.private_dns_name = ""  # moto sets it only where the VPC has DNS hostnames
