"""EC2: descriptions of security group rules that name groups or prefix lists, AWS's own error for a rule's unknown id,
launch templates without their own tags in the data, a private DNS name for every network interface.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from moto.ec2.exceptions import InvalidSecurityGroupRuleIdNotFoundError
from moto.ec2.models import security_groups
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.launch_templates import LaunchTemplateBackend

from sandbox.moto_ext.hooks import use_model

_RULE = signature(security_groups.SecurityGroupRule)
_BACKEND = security_groups.SecurityGroupBackend
_revoke = {"ingress": _BACKEND.revoke_security_group_ingress, "egress": _BACKEND.revoke_security_group_egress}
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


def _revoked(direction: str) -> Callable[..., Any]:
    """Clients take AWS's error for a rule that is gone already; moto's they take for a failure."""

    def revoke(self: Any, group_name_or_id: str, *, security_rule_ids: list[str] | None = None, **more: Any) -> Any:
        group = self.get_security_group_by_name_or_id(group_name_or_id, more.get("vpc_id"))
        known = {rule.id for rule in getattr(group, f"{direction}_rules", ())}
        for rule in security_rule_ids or ():
            if rule not in known:
                raise InvalidSecurityGroupRuleIdNotFoundError(rule)
        return _revoke[direction](self, group_name_or_id, security_rule_ids=security_rule_ids, **more)

    return revoke


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
    _BACKEND.revoke_security_group_ingress = _revoked("ingress")
    _BACKEND.revoke_security_group_egress = _revoked("egress")
    LaunchTemplateBackend.create_launch_template = _without_own_tags
    NetworkInterface.private_dns_name = ""  # moto sets it only where the VPC has DNS hostnames
