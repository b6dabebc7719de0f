"""EC2 capacity: instances join the cluster they name, tasks are placed on them, capacity providers scale their groups.

moto keeps container instances that somebody registered by hand, all of one size, and never places anything.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ecs import models

from sandbox.ecs.instances import (
    InstanceView,
    Need,
    ScalingSettings,
    choose_instance,
    choose_provider,
    dynamic_port,
    wanted_instances,
)
from sandbox.ecs.model import WAITING, Task
from sandbox.ecs.placement import NoCapacity, Place, free_address, place, subnets_of
from sandbox.ecs.tasks import begin_stop, exit_container
from sandbox.moto_ext.hooks import ExtendedBackend
from sandbox.outages import Outages

BOOT_SECONDS = 45.0  # sandbox seconds from RunInstances to a registered agent
IDLE_SECONDS = 900.0  # a capacity provider scales in after 15 datapoints of a minute
_AGENT_MEMORY_SHARE = 0.065  # of an instance's memory that is not the tasks': the system and the agent
_UNIT = 1024
_KILLED = 137
# Amazon Linux's agent is told in a file that user data writes, Bottlerocket in TOML.
_CLUSTER_NAME = re.compile(
    r"^\s*(?:echo\s+[\"']?)?ECS_CLUSTER=[\"']?([A-Za-z0-9_-]+)|^\s*cluster\s*=\s*\"([A-Za-z0-9_-]+)\"", re.MULTILINE
)


def runs_tasks(instance_id: str) -> bool:
    """Whether an EC2 instance is a container instance of some cluster."""
    return any(
        held.ec2_instance_id == instance_id
        for _, _, backend in list(models.ecs_backends.iter_backends())
        for instances in list(backend.container_instances.values())
        for held in list(instances.values())
    )


def cluster_in(user_data: Any) -> str | None:
    """The cluster that an instance's user data names for the ECS agent (ECS_CLUSTER=...)."""
    text = user_data.decode() if hasattr(user_data, "decode") else str(user_data or "")
    match = _CLUSTER_NAME.search(text)
    return match[1] or match[2] if match else None


class InstanceBackend(ExtendedBackend, models.EC2ContainerServiceBackend):
    """`outages` is the running sandbox's."""

    outages: Outages

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.booting: dict[str, float] = {}  # EC2 instance -> when it was first seen to run
        self.idle_since: dict[str, float] = {}  # EC2 instance -> since when it has no task
        self.unplaced: Counter[str] = Counter()  # capacity provider -> tasks that found no place on its instances

    # -- where tasks go ------------------------------------------------------------------------------------

    def find_place(
        self, cluster: Any, definition: Any, settings: Mapping[str, Any], group: str, used: set[str]
    ) -> Place:
        """The place of a group's next task. Raises NoCapacity."""
        siblings = [task for task in self._tasks_on(cluster.name) if task.group == group]
        strategy = settings.get("capacityProviderStrategy") or []
        counts = Counter(task.capacity_provider for task in siblings if task.capacity_provider)
        provider = choose_provider(strategy, counts) if strategy else None
        launch_type = settings.get("launchType")
        if launch_type == "FARGATE" or (provider or "").startswith("FARGATE"):
            number = len([task for task in siblings if not self.outages.lost(task.availability_zone)])
            spot = place(self.account_id, self.region_name, settings, number, used, self.outages.lost)
            return Place(spot.subnet_id, spot.availability_zone, spot.private_ip, provider, launch_type or "FARGATE")
        try:
            return self._on_instance(cluster, definition, settings, group, used, provider)
        except NoCapacity:
            if provider:
                self.unplaced[provider] += 1
            raise

    def _on_instance(
        self,
        cluster: Any,
        definition: Any,
        settings: Mapping[str, Any],
        group: str,
        used: set[str],
        provider: str | None,
    ) -> Place:
        mode, containers = definition.network_mode or "bridge", definition.container_definitions
        fixed = frozenset(
            mapping["containerPort"] if mode == "host" else mapping.get("hostPort") or 0
            for container in containers
            for mapping in container.get("portMappings") or []
            if mode != "awsvpc"
        ) - {0}
        candidates = {
            held.container_instance_arn: held
            for held in self.container_instances.get(cluster.name, {}).values()
            if held.status == "ACTIVE"
            and provider in (None, getattr(held, "capacity_provider_name", None))
            and not self.outages.lost(held.attributes["ecs.availability-zone"])
        }
        views = [self._view(held, group) for held in candidates.values()]
        chosen = choose_instance(
            views,
            Need(*_needs(definition.cpu, definition.memory, containers), fixed),
            settings.get("placementStrategy") or (),
            settings.get("placementConstraints") or (),
        )
        held = candidates[chosen.id]
        subnet_id, address = self._network(held, settings, mode, used)
        host_ports: dict[tuple[str, int], int] = {}
        for container in containers if mode != "awsvpc" else []:
            for mapping in container.get("portMappings") or []:
                port = mapping["containerPort"]
                given = port if mode == "host" else mapping.get("hostPort")
                taken = chosen.ports | fixed | set(host_ports.values())
                host_ports[container["name"], port] = given or dynamic_port(taken)
        return Place(subnet_id, chosen.zone, address, provider, "EC2", chosen.id, held.ec2_instance_id, host_ports)

    def _network(
        self, held: Any, settings: Mapping[str, Any], mode: str, used: set[str]
    ) -> tuple[str | None, str | None]:
        """An address of its own in a subnet of the instance's zone (awsvpc; None: it is full), else the instance's."""
        ec2 = ec2_backends[self.account_id][self.region_name]
        if mode != "awsvpc":
            return None, str(ec2.get_instance(held.ec2_instance_id).private_ip)
        subnets = [ec2.get_subnet(subnet_id) for subnet_id in subnets_of(settings)]
        zone = held.attributes["ecs.availability-zone"]
        subnet = next((each for each in subnets if each.availability_zone == zone), None)
        if subnet is None:
            raise NoCapacity("ATTRIBUTE")
        return subnet.id, free_address(subnet.cidr_block, used)

    def _view(self, held: Any, group: str) -> InstanceView:
        own = [task for task in self._tasks_on(held.cluster_name) if task.instance == held.container_instance_arn]
        cpu, memory = _resources(held)
        taken = [reserved_by(task) for task in own]
        return InstanceView(
            id=held.container_instance_arn,
            zone=held.attributes["ecs.availability-zone"],
            cpu=cpu - sum(each[0] for each in taken),
            memory=memory - sum(each[1] for each in taken),
            ports=frozenset(port for task in own for port in task.host_ports.values()),
            tasks=len(own),
            siblings=sum(task.group == group for task in own),
        )

    def registered_resources(self, cluster_name: str) -> tuple[int, int]:
        """CPU units and MiB of the cluster's container instances, ACTIVE and DRAINING ones together."""
        held = [_resources(each) for each in self.container_instances.get(cluster_name, {}).values()]
        return sum(cpu for cpu, _ in held), sum(memory for _, memory in held)

    def _tasks_on(self, cluster_name: str) -> list[Task]:
        return [task for task in self.tasks.get(cluster_name, {}).values() if task.last_status != "STOPPED"]

    # -- instances come and go -----------------------------------------------------------------------------

    def synchronise_instances(self, now: float) -> bool:
        """Register what has booted, forget what ended, mark tasks that must leave, scale; whether anything changed."""
        running = self._running_instances()
        changed = self._forget_ended(set(running), now)
        if running:
            changed |= self._register_booted(running, now)
        for name, instances in self.container_instances.items():
            if name in self.clusters:
                self.clusters[name].registered_container_instances_count = len(instances)
            changed |= self._mark_leaving(name, instances.values())
        for provider in list(self.capacity_providers.values()):
            changed |= self._scale(provider, now)
        self.unplaced.clear()
        return changed

    def _running_instances(self) -> dict[str, Any]:
        """By id; nothing where nobody used EC2 in this region yet (making its backend takes a while)."""
        regions = ec2_backends[self.account_id]
        if self.region_name not in dict.keys(regions):
            return {}
        return {
            instance.id: instance
            for reservation in list(regions[self.region_name].reservations.values())
            for instance in reservation.instances
            if instance.state == "running"
        }

    def _register_booted(self, running: Mapping[str, Any], now: float) -> bool:
        known = {held.ec2_instance_id for instances in self.container_instances.values() for held in instances.values()}
        groups = self._groups()
        changed = False
        for instance_id, instance in running.items():
            group = getattr(getattr(instance, "autoscaling_group", None), "name", None)
            provider = next((name for name, held in groups.items() if held.name == group), None)
            cluster = cluster_in(instance.user_data) or next(
                (each.name for each in self.clusters.values() if provider in (each.capacity_providers or [])), None
            )
            if instance_id in known or cluster not in self.clusters:
                continue
            if now - self.booting.setdefault(instance_id, now) < BOOT_SECONDS:
                continue
            held = self.register_container_instance(cluster, instance_id)
            held.capacity_provider_name = provider
            cpu, memory = _capacity_of(instance.instance_type)
            for resources in (held.registered_resources, held.remaining_resources):
                _set_resources(resources, cpu, memory)
            self.booting.pop(instance_id)
            changed = True
        return changed

    def _forget_ended(self, running: set[str], now: float) -> bool:
        gone = [
            (name, key, held)
            for name, instances in self.container_instances.items()
            for key, held in instances.items()
            if held.ec2_instance_id not in running
        ]
        for name, key, held in gone:
            del self.container_instances[name][key]
            self.idle_since.pop(held.ec2_instance_id, None)
            for task in self._tasks_on(name):
                if task.instance == held.container_instance_arn:
                    for container in task.containers:
                        if container.last_status == "RUNNING":
                            exit_container(container, _KILLED)
                    begin_stop(
                        task, now, "TerminationNotice", f"Host EC2 (instance {held.ec2_instance_id}) terminated."
                    )
        return bool(gone)

    def _mark_leaving(self, cluster_name: str, instances: Iterable[Any]) -> bool:
        """Services replace their tasks on instances that drain, within their deployment's bounds."""
        draining = {held.container_instance_arn for held in instances if held.status == "DRAINING"}
        changed = False
        for task in self._tasks_on(cluster_name):
            leaving = task.instance in draining
            if task.service and task.leaving != leaving:
                task.leaving, changed = leaving, True
                if task.service in self.services:
                    self.services[task.service].steady = False
        return changed

    # -- capacity providers --------------------------------------------------------------------------------

    def _groups(self) -> dict[str, Any]:
        """Capacity provider -> its Auto Scaling group, where that exists."""
        known = autoscaling_backends[self.account_id][self.region_name].autoscaling_groups.values()
        by_arn = {group.arn: group for group in known}
        found = {
            name: by_arn.get((provider.auto_scaling_group_provider or {}).get("autoScalingGroupArn"))
            for name, provider in self.capacity_providers.items()
        }
        return {name: group for name, group in found.items() if group is not None}

    def _scale(self, provider: Any, now: float) -> bool:
        """Managed scaling: enough instances for the tasks that wait, and none that was idle for long."""
        scaling = (provider.auto_scaling_group_provider or {}).get("managedScaling") or {}
        group = self._groups().get(provider.name)
        if scaling.get("status") != "ENABLED" or group is None:
            return False
        own = [
            held
            for instances in self.container_instances.values()
            for held in instances.values()
            if getattr(held, "capacity_provider_name", None) == provider.name
        ]
        idle = self._idle(own, now)
        coming = (group.desired_capacity or 0) - len(own)
        settings = ScalingSettings(
            scaling.get("targetCapacity") or 100,
            scaling.get("minimumScalingStepSize") or 1,
            scaling.get("maximumScalingStepSize") or 10_000,
        )
        waiting = max(0, self.unplaced[provider.name] - max(coming, 0))
        wanted = wanted_instances(
            group.desired_capacity or 0, len(own) - len(idle), waiting, group.min_size, group.max_size, settings
        )
        scaler: Any = autoscaling_backends[self.account_id][self.region_name]
        if waiting and wanted > (group.desired_capacity or 0):
            scaler.set_desired_capacity(group.name, wanted)
            return True
        ended = [held for held in idle if now - self.idle_since[held.ec2_instance_id] >= IDLE_SECONDS]
        if coming <= 0 and ended and wanted < (group.desired_capacity or 0):
            scaler.terminate_instance(ended[0].ec2_instance_id, True)
            return True
        return False

    def _idle(self, instances: list[Any], now: float) -> list[Any]:
        busy = {
            task.instance for tasks in self.tasks.values() for task in tasks.values() if task.last_status != "STOPPED"
        }
        idle = [held for held in instances if held.container_instance_arn not in busy]
        for held in instances:
            if held in idle:
                self.idle_since.setdefault(held.ec2_instance_id, now)
            else:
                self.idle_since.pop(held.ec2_instance_id, None)
        return idle

    # -- what the API answers ------------------------------------------------------------------------------

    def describe_container_instances(self, cluster_str: str, list_container_instance_ids: list[str]) -> Any:
        cluster = self._get_cluster(cluster_str)
        for held in self.container_instances.setdefault(cluster.name, {}).values():
            self._bring_up_to_date(held)
        return super().describe_container_instances(cluster_str, list_container_instance_ids)

    def update_container_instances_state(
        self, cluster_str: str, list_container_instance_ids: list[str], status: str
    ) -> Any:
        self.container_instances.setdefault(self._get_cluster(cluster_str).name, {})
        return super().update_container_instances_state(cluster_str, list_container_instance_ids, status)

    def deregister_container_instance(self, cluster_str: str, container_instance_str: str, force: bool) -> Any:
        known = self.container_instances.setdefault(self._get_cluster(cluster_str).name, {})
        held = known.get(container_instance_str.split("/")[-1])
        if held is None:
            raise models.EcsClientException("Referenced container instance was not found.")
        self._bring_up_to_date(held)
        return super().deregister_container_instance(cluster_str, container_instance_str, force)

    def _bring_up_to_date(self, held: Any) -> None:
        view = self._view(held, "")
        own = [task for task in self._tasks_on(held.cluster_name) if task.instance == held.container_instance_arn]
        held.running_tasks_count = sum(task.last_status == "RUNNING" for task in own)
        held.pending_tasks_count = sum(task.last_status in WAITING for task in own)
        held.agent_connected = not self.outages.lost(view.zone)
        _set_resources(held.remaining_resources, view.cpu, view.memory)


def endpoints(task: Task, container_name: str, ports: Iterable[int]) -> dict[int, tuple[tuple[str, int], ...]]:
    """Container port -> where in the network it is reached: at the task's own address, or at its instance's port."""
    reached: dict[int, tuple[tuple[str, int], ...]] = {}
    for port in ports:
        host_port = task.host_ports.get((container_name, port))
        if task.instance_id and host_port:
            reached[port] = ((task.instance_id, host_port), (task.private_ip, host_port))
        else:
            reached[port] = ((task.private_ip, port),)
    return reached


def reserved_by(task: Task) -> tuple[int, int]:
    """CPU units and MiB that a task takes of its container instance."""
    return _needs(task.cpu, task.memory, [each.definition for each in task.containers])


def _needs(cpu: str | None, memory: str | None, containers: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """CPU units and MiB: the task's where it says so, else the sum of its containers'."""
    listed = list(containers)
    own_cpu = int(cpu) if cpu else sum(int(each.get("cpu") or 0) for each in listed)
    own_memory = (
        int(memory) if memory else sum(int(each.get("memoryReservation") or each.get("memory") or 0) for each in listed)
    )
    return own_cpu, own_memory


def _capacity_of(instance_type: str) -> tuple[int, int]:
    known: Mapping[str, Any] = INSTANCE_TYPES.get(instance_type) or INSTANCE_TYPES["t3.small"]
    cpu = int(known["VCpuInfo"]["DefaultVCpus"]) * _UNIT
    return cpu, math.floor(int(known["MemoryInfo"]["SizeInMiB"]) * (1 - _AGENT_MEMORY_SHARE))


def _resources(held: Any) -> tuple[int, int]:
    by_name = {each["name"]: each.get("integerValue", 0) for each in held.registered_resources}
    return by_name["CPU"], by_name["MEMORY"]


def _set_resources(resources: list[dict[str, Any]], cpu: int, memory: int) -> None:
    for each in resources:
        if each["name"] in ("CPU", "MEMORY"):
            each["integerValue"] = cpu if each["name"] == "CPU" else memory
