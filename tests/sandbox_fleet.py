"""EC2 capacity in the sandbox for tests: a cluster on instances of an Auto Scaling group, and services on them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from uuid import uuid4

import urllib3

from tests.sandbox_fixture import SandboxProcess, eventually
from tests.sandbox_world import BREAKER, World


class Fleet:
    """A cluster of its own with an Auto Scaling group of t3.small (2 vCPU, 1,914 MiB for tasks) and its provider."""

    def __init__(
        self, sandbox: SandboxProcess, *, size: int, most: int = 4, managed: bool = False, mixed: bool = False
    ) -> None:
        self.world = world = World(sandbox)
        self.name = name = f"fleet-{uuid4().hex[:6]}"
        self.scaling = sandbox.client("autoscaling")
        ec2 = sandbox.client("ec2")
        user_data = f"#!/bin/bash\necho ECS_CLUSTER={world.cluster} >> /etc/ecs/ecs.config\n"
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={
                "ImageId": image, "InstanceType": "t3.small", "UserData": b64encode(user_data.encode()).decode(),
            },
        )  # fmt: skip
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=most,
            DesiredCapacity=size,
            VPCZoneIdentifier=",".join(world.subnets),
            **(_mixed(name) if mixed else {"LaunchTemplate": {"LaunchTemplateName": name, "Version": "$Latest"}}),
        )
        group = self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        world.ecs.create_capacity_provider(
            name=name,
            autoScalingGroupProvider={
                "autoScalingGroupArn": group["AutoScalingGroupARN"],
                "managedScaling": {"status": "ENABLED" if managed else "DISABLED", "targetCapacity": 100},
            },
        )
        strategy = [{"capacityProvider": name, "weight": 1}]
        world.ecs.put_cluster_capacity_providers(
            cluster=world.cluster, capacityProviders=[name], defaultCapacityProviderStrategy=strategy
        )

    def instances(self) -> list[dict[str, Any]]:
        cluster = {"cluster": self.world.cluster}
        arns = self.world.ecs.list_container_instances(**cluster)["containerInstanceArns"]
        if not arns:
            return []
        described = self.world.ecs.describe_container_instances(**cluster, containerInstances=arns)
        found: list[dict[str, Any]] = described["containerInstances"]
        return found

    def registered(self, count: int) -> list[dict[str, Any]]:
        return eventually(lambda: len(self.instances()) == count and self.instances(), why=f"{count} instances") or []

    def desired(self) -> int:
        group = self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])["AutoScalingGroups"][0]
        desired: int = group["DesiredCapacity"]
        return desired

    def service(
        self, desired: int, *, mode: str = "bridge", host_port: int = 0, memory: int = 900, wait: bool = True
    ) -> Service:
        name = f"svc-{uuid4().hex[:6]}"
        world = self.world
        world.sandbox.client("ecr").create_repository(repositoryName=f"world/{name}")
        group = world.target_group(name, TargetType="ip" if mode == "awsvpc" else "instance")
        definition = world.ecs.register_task_definition(
            family=name,
            networkMode=mode,
            containerDefinitions=[
                {
                    "name": "app",
                    "image": world.sandbox.image(f"world/{name}", "healthy", "v1")["image"],
                    "cpu": 256,
                    "memory": memory,
                    "portMappings": [{"containerPort": 8080} | ({"hostPort": host_port} if mode == "bridge" else {})],
                }
            ],
        )["taskDefinition"]["taskDefinitionArn"]
        world.ecs.create_service(
            cluster=world.cluster,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=desired,
            deploymentConfiguration=BREAKER,
            loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
            **({"networkConfiguration": world.network} if mode == "awsvpc" else {}),
        )
        service = Service(self, name, group)
        if wait:
            service.stable(desired)
        return service


def _mixed(template: str) -> dict[str, Any]:
    """As the reference system programador-musical has it: mostly Spot, of two sizes."""
    specification = {"LaunchTemplateName": template, "Version": "$Latest"}
    overrides = [{"InstanceType": "t3.small"}, {"InstanceType": "t3.medium"}]
    distribution = {"OnDemandBaseCapacity": 0, "OnDemandPercentageAboveBaseCapacity": 30}
    launch = {"LaunchTemplateSpecification": specification, "Overrides": overrides}
    return {"MixedInstancesPolicy": {"LaunchTemplate": launch, "InstancesDistribution": distribution}}


class Service:
    def __init__(self, fleet: Fleet, name: str, group: str) -> None:
        self.fleet, self.name, self.group = fleet, name, group

    def described(self) -> dict[str, Any]:
        world = self.fleet.world
        found: dict[str, Any] = world.ecs.describe_services(cluster=world.cluster, services=[self.name])["services"][0]
        return found

    def stable(self, count: int) -> None:
        def look() -> bool:
            service = self.described()
            steady = service["events"] and "steady state" in service["events"][0]["message"]
            return bool(steady and service["runningCount"] == count and not service["pendingCount"])

        eventually(look, why=f"{self.name} is stable", seconds=60)

    def tasks(self) -> list[dict[str, Any]]:
        world = self.fleet.world
        arns = world.ecs.list_tasks(cluster=world.cluster, serviceName=self.name)["taskArns"]
        found: list[dict[str, Any]] = (
            world.ecs.describe_tasks(cluster=world.cluster, tasks=arns)["tasks"] if arns else []
        )
        return found

    def events(self) -> str:
        return "\n".join(event["message"] for event in self.described()["events"])

    def targets(self) -> list[tuple[str, int, str]]:
        described = self.fleet.world.elbv2.describe_target_health(TargetGroupArn=self.group)
        return sorted(
            (each["Target"]["Id"], each["Target"]["Port"], each["TargetHealth"]["State"])
            for each in described["TargetHealthDescriptions"]
            if each["TargetHealth"]["State"] != "draining"
        )

    def answers(self, count: int = 6) -> list[dict[str, Any]]:
        world = self.fleet.world
        url = world.url(world.listener([{"Type": "forward", "TargetGroupArn": self.group}]))
        return [urllib3.request("GET", url, timeout=10).json() for _ in range(count)]
