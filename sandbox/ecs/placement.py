"""Where a task goes: capacity, subnet, zone and a private address of its own."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import randbelow
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ecs.exceptions import InvalidParameterException

_LATEST_FARGATE = "1.4.0"
_WITHOUT_SUBNET = "172.31.0.0/16"  # tasks that share their instance's address get one of their own here
_KEPT_FIRST, _KEPT_LAST = 4, 1  # AWS keeps these addresses of every subnet
# Fargate's words.
_ZONES_LOST = "Capacity is unavailable at this time. Please try again later or in a different availability zone"


class NoCapacity(Exception):
    """A task cannot be placed now; the message is ECS's reason, such as RESOURCE:CPU, `event` what a service says."""

    def __init__(self, reason: str, event: str | None = None) -> None:
        super().__init__(reason)
        self.event = event or f"was unable to place a task. Reason: {reason}"


@dataclass(frozen=True)
class Place:
    """`private_ip`: None where the subnets have no address left.

    `instance` and what follows are of tasks on container instances: its ARN, its EC2 id, its ports by container.
    """

    subnet_id: str | None
    availability_zone: str
    private_ip: str | None
    capacity_provider: str | None = None
    launch_type: str | None = None
    instance: str | None = None
    instance_id: str | None = None
    host_ports: dict[tuple[str, int], int] = field(default_factory=dict)


def choose_capacity(settings: dict[str, Any], default_strategy: list[dict[str, Any]] | None) -> None:
    """Fill in launch type or capacity provider strategy, and Fargate's platform version, as AWS does."""
    if not settings.get("launchType") and not settings.get("capacityProviderStrategy"):
        if default_strategy:
            settings["capacityProviderStrategy"] = default_strategy
        else:
            settings["launchType"] = "EC2"
    if on_fargate(settings) and settings.get("platformVersion") in (None, "LATEST"):
        settings["platformVersion"] = _LATEST_FARGATE


def on_fargate(settings: Mapping[str, Any]) -> bool:
    strategy = settings.get("capacityProviderStrategy") or []
    providers = [item["capacityProvider"] for item in strategy]
    return settings.get("launchType") == "FARGATE" or any(name.startswith("FARGATE") for name in providers)


def move_capacity(settings: dict[str, Any], launch_type: str | None) -> None:
    """UpdateService gave a capacity provider strategy: it takes the launch type's place.

    An empty one goes back to the launch type: `launch_type`, which the service was made with, else EC2 (inferred).
    """
    if settings["capacityProviderStrategy"]:
        settings.pop("launchType", None)
    else:
        del settings["capacityProviderStrategy"]
        settings["launchType"] = launch_type or "EC2"
    if not on_fargate(settings):
        settings.pop("platformVersion", None)
    choose_capacity(settings, None)


def check_network(account: str, region: str, settings: Mapping[str, Any], network_mode: str | None) -> None:
    """What CreateService, UpdateService and RunTask refuse at once."""
    if network_mode == "awsvpc" and not subnets_of(settings):
        raise InvalidParameterException(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    backend = ec2_backends[account][region]
    known = {subnet.id for zone in backend.subnets.values() for subnet in zone.values()}
    if missing := sorted(set(subnets_of(settings)) - known):
        raise InvalidParameterException(
            f"Error retrieving subnet information for {missing}: The subnet ID '{missing[0]}' does not exist "
            "(ErrorCode: InvalidSubnetID.NotFound)"
        )


def place(
    account: str, region: str, settings: Mapping[str, Any], number: int, used: set[str], lost: Callable[[str], bool]
) -> Place:
    """The place of a group's `number`-th task: tasks are spread over the subnets given, but for zones that are `lost`.

    AWS does not document which subnet a task gets: here they take turns, past those that are full (inferred).
    Raises NoCapacity.
    """
    backend = ec2_backends[account][region]
    if not subnets_of(settings):
        zones = [zone.name for zone in backend.describe_availability_zones() if not lost(zone.name)]
        if not zones:
            raise NoCapacity(_ZONES_LOST)
        return Place(None, zones[number % len(zones)], free_address(_WITHOUT_SUBNET, used))
    subnets = [backend.get_subnet(subnet_id) for subnet_id in subnets_of(settings)]
    reachable = [subnet for subnet in subnets if not lost(subnet.availability_zone)]
    if not reachable:
        raise NoCapacity(_ZONES_LOST)
    turn = number % len(reachable)
    in_turn = [*reachable[turn:], *reachable[:turn]]
    addresses = ((subnet, free_address(subnet.cidr_block, used)) for subnet in in_turn)
    subnet, address = next((found for found in addresses if found[1]), (in_turn[0], None))
    return Place(subnet.id, subnet.availability_zone, address)


def free_address(cidr: str, used: set[str]) -> str | None:
    """Any address of the subnet that is not taken."""
    network = ipaddress.ip_network(cidr)
    usable = network.num_addresses - _KEPT_FIRST - _KEPT_LAST
    start = randbelow(usable)
    for step in range(usable):
        address = str(network[_KEPT_FIRST + (start + step) % usable])
        if address not in used:
            return address
    return None


def gets_public_address(settings: Mapping[str, Any]) -> bool:
    network = (settings.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    return network.get("assignPublicIp") == "ENABLED"


def no_address(subnet_id: str | None, *, public: bool) -> str:
    """Why a task failed to start whose subnet has no address left.

    The words are those of the ECS developer guide ("TaskFailedToStart errors"), the code at their end is EC2's.
    """
    return (
        "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment "
        f"{'enabled' if public else 'disabled'} in subnet '{subnet_id}': InsufficientFreeAddressesInSubnet"
    )


def subnets_of(settings: Mapping[str, Any]) -> list[str]:
    network = (settings.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    return list(network.get("subnets") or [])
