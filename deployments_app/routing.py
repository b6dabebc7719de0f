"""Where a load balancer leads: what a service's output asks for, and what changes of it, for people. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from deployments_app.strategies.model import Balancer
from deployments_app.taskdefinition import Change

NOT_SAID = "as it is"


def balancers(target: Mapping[str, Any]) -> list[Balancer] | None:
    """Those of a service's output: none where it is null, not said where the output does not have it."""
    if "load_balancer" not in target:
        return None
    routed = target["load_balancer"]
    if routed is None:
        return []
    return [Balancer(routed["target_group_arn"], routed["container_name"], int(routed["container_port"]))]


def words(target: Mapping[str, Any]) -> str:
    """The same in words that name all of it, for what an approval binds."""
    asked = balancers(target)
    return NOT_SAID if asked is None else _text(asked, with_group=True) or "none"


def changes(before: Sequence[Balancer] | None, after: Sequence[Balancer] | None) -> list[Change]:
    """The way of the traffic that changes; none where either side is not said."""
    if before is None or after is None or list(before) == list(after):
        return []
    same_group = {each.target_group for each in before} == {each.target_group for each in after}
    with_group = bool(before and after) and not same_group
    sign = "~" if before and after else "+" if after else "-"
    return [Change(sign, "load balancer leads to", _text(before, with_group), _text(after, with_group))]


def _text(asked: Sequence[Balancer], with_group: bool) -> str:
    return ", ".join(
        f"{each.container}:{each.port}" + (f" by {each.target_group}" if with_group else "") for each in asked
    )
