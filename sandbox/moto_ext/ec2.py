"""EC2: a launch template's own tags are not part of its data; every network interface has a private DNS name."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.launch_templates import LaunchTemplateBackend

_create_launch_template = LaunchTemplateBackend.create_launch_template


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
    # EC2Backend inherits from some eighty mixins; replacing one of them means patching it in place.
    LaunchTemplateBackend.create_launch_template = _without_own_tags
    NetworkInterface.private_dns_name = ""  # moto sets it only where the VPC has DNS hostnames
