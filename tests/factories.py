"""Makes one thing each, explicitly."""

import itertools
from typing import Any

from controlplane.core.actors import Actor
from controlplane.core.models import Membership, System, User
from controlplane.core.policies import Role
from environments_app import schema
from environments_app.models import ConfigVersion, Environment, Run
from environments_app.services import configs, runs

_numbers = itertools.count(1)

SMALL_CONFIG: dict[str, Any] = {
    "region": "us-east-1",
    "network": {
        "cidr": "10.0.0.0/16",
        "zone_count": 2,
        "subnets": {"public": ["10.0.1.0/24", "10.0.2.0/24"], "private": ["10.0.11.0/24", "10.0.12.0/24"]},
    },
    "load_balancer": None,
    "services": {
        "api": {
            "containers": {"api": {"port": 8080}},
            "cpu_units": 256,
            "memory_mib": 512,
            "desired_count": 1,
            "min_count": 1,
            "max_count": 2,
        }
    },
}
"""A configuration with nothing that it does not need."""


def user(name: str = "", **values: Any) -> User:
    return User.objects.create_user(username=name or f"user-{next(_numbers)}", password="a good long one", **values)


def system(slug: str = "") -> System:
    slug = slug or f"system-{next(_numbers)}"
    return System.objects.create(slug=slug, title=slug)


def member(of: System, role: Role | str, name: str = "") -> User:
    """A user with one role in one system."""
    person = user(name)
    Membership.objects.create(user=person, system=of, role=Role(role))
    return person


def environment(
    of: System | None = None, slug: str = "development", *, tier: str = "development", **protection: Any
) -> Environment:
    """An environment with a small configuration and, unless said otherwise, the default protection."""
    made = Environment.objects.create(system=of or system(), slug=slug, tier=tier)
    actor = Actor.slipway("factory")
    configs.save_protection(actor, made, schema.Protection(**protection), reason="factory")
    saved = configs.save_config(actor, made, SMALL_CONFIG, based_on=0, reason="factory")
    assert isinstance(saved, ConfigVersion), saved
    return made


def run(of: Environment, requester: User, kind: str = "apply") -> Run:
    """A run that was just asked for."""
    made = runs.request_run(Actor.person(requester), of, kind)
    assert isinstance(made, Run), made
    return made


def planned_run(of: Environment, requester: User, **values: Any) -> Run:
    """A run that waits for approval, as if Terraform had planned one addition."""
    made = run(of, requester)
    summary = {
        "add": 1, "change": 0, "destroy": 0, "replace": 0, "unchanged": 0, "drift": [], "output_changes": [],
        "changes": [
            {"address": "aws_vpc.main", "module": "", "type": "aws_vpc", "name": "main", "action": "create",
             "reason": "", "create_first": False, "attributes": []}
        ],
    }  # fmt: skip
    bound = {"plan_sha256": "a" * 64, "state_serial": 0, "state_lineage": "", "config_version": 1}
    Run.objects.filter(pk=made.pk).update(state="planned", summary=summary, bound=bound, **values)
    made = Run.objects.select_related("environment__system", "config_version", "stream").get(pk=made.pk)
    runs.ask_for_approval(Actor.slipway("factory"), made)
    return made
