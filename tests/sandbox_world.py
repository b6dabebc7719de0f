"""A small ECS world in the sandbox for tests: a network, a load balancer, a cluster, and services on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.sandbox_fixture import SandboxProcess, eventually

ENDED = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


@dataclass
class ServiceUnderTest:
    """One ECS service with its own repository, family and target group."""

    world: World
    name: str
    repository: str
    target_group: str | None
    compatibility: str = "FARGATE"

    def image(self, behaviour: str, tag: str) -> dict[str, str]:
        return self.world.sandbox.image(self.repository, behaviour, tag)

    def register(self, image: str, **container: Any) -> str:
        definition = self.world.ecs.register_task_definition(
            family=self.name,
            requiresCompatibilities=[self.compatibility],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[
                {
                    "name": "app",
                    "image": image,
                    "portMappings": [{"containerPort": 8080}],
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": self.world.log_group,
                            "awslogs-region": "us-east-1",
                            "awslogs-stream-prefix": self.name,
                        },
                    },
                    **container,
                }
            ],
        )
        arn: str = definition["taskDefinition"]["taskDefinitionArn"]
        return arn

    def create(self, behaviour: str = "healthy", *, desired: int = 2, **given: Any) -> dict[str, Any]:
        """Create the service and wait for the end of its first deployment."""
        load_balancers = (
            [{"targetGroupArn": self.target_group, "containerName": "app", "containerPort": 8080}]
            if self.target_group
            else []
        )
        self.world.ecs.create_service(
            cluster=self.world.cluster,
            serviceName=self.name,
            taskDefinition=self.register(self.image(behaviour, "v1")["image"]),
            desiredCount=desired,
            launchType="FARGATE",
            **{
                "networkConfiguration": self.world.network,
                "deploymentConfiguration": BREAKER,
                "loadBalancers": load_balancers,
                **given,
            },
        )
        return self.ended()

    def update(self, **given: Any) -> dict[str, Any]:
        updated: dict[str, Any] = self.world.ecs.update_service(cluster=self.world.cluster, service=self.name, **given)
        return updated["service"]

    def deploy(self, behaviour: str, tag: str, **given: Any) -> dict[str, Any]:
        """Start a deployment of a new image; returns the image."""
        image = self.image(behaviour, tag)
        self.update(taskDefinition=self.register(image["image"]), **given)
        return image

    def describe(self) -> dict[str, Any]:
        services = self.world.ecs.describe_services(cluster=self.world.cluster, services=[self.name])["services"]
        described: dict[str, Any] = services[0]
        return described

    def deployment(self) -> dict[str, Any]:
        """The newest service deployment, described."""
        listed = self.world.ecs.list_service_deployments(cluster=self.world.cluster, service=self.name)
        arn = listed["serviceDeployments"][0]["serviceDeploymentArn"]
        described = self.world.ecs.describe_service_deployments(serviceDeploymentArns=[arn])
        newest: dict[str, Any] = described["serviceDeployments"][0]
        return newest

    def ended(self, seconds: float = 60) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            deployment = self.deployment()
            return deployment if deployment["status"] in ENDED else None

        ended = eventually(look, seconds=seconds, why=f"the end of the deployment of {self.name}")
        assert ended is not None
        return ended

    def tasks(self, desired_status: str = "RUNNING") -> list[dict[str, Any]]:
        arns = self.world.ecs.list_tasks(
            cluster=self.world.cluster, serviceName=self.name, desiredStatus=desired_status
        )["taskArns"]
        if not arns:
            return []
        tasks: list[dict[str, Any]] = self.world.ecs.describe_tasks(cluster=self.world.cluster, tasks=arns)["tasks"]
        return tasks

    def digests(self) -> set[str]:
        return {task["containers"][0]["imageDigest"] for task in self.tasks()}

    def messages(self) -> list[str]:
        return [event["message"] for event in self.describe()["events"]]


class World:
    """The surroundings, made once per sandbox. Health checks every 10 s, draining 20 s (sandbox time)."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.ecs = sandbox.client("ecs")
        self.elbv2 = sandbox.client("elbv2")
        self.cluster = f"cluster-{uuid4().hex[:6]}"
        self.log_group = f"/world/{self.cluster}"
        ec2 = sandbox.client("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")[
                "Subnet"
            ]["SubnetId"]
            for number, zone in enumerate("ab")
        ]
        group = ec2.create_security_group(GroupName=self.cluster, Description="tasks", VpcId=self.vpc)["GroupId"]
        self.network = {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": [group]}}
        sandbox.client("logs").create_log_group(logGroupName=self.log_group)
        self.ecs.create_cluster(clusterName=self.cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"])
        self.load_balancer = self.elbv2.create_load_balancer(Name=self.cluster, Subnets=self.subnets)["LoadBalancers"][
            0
        ]["LoadBalancerArn"]
        self._next_port = 80

    def target_group(self, name: str, **given: Any) -> str:
        """A target group behind a listener of its own."""
        created = self.elbv2.create_target_group(
            **{
                "Name": name,
                "Protocol": "HTTP",
                "Port": 8080,
                "VpcId": self.vpc,
                "TargetType": "ip",
                "HealthCheckPath": "/up",
                "HealthCheckIntervalSeconds": 10,
                **given,
            }
        )
        arn: str = created["TargetGroups"][0]["TargetGroupArn"]
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "20"}
        self.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
        self.listener([{"Type": "forward", "TargetGroupArn": arn}])
        return arn

    def listener(self, actions: list[dict[str, Any]]) -> str:
        created = self.elbv2.create_listener(
            LoadBalancerArn=self.load_balancer, Port=self._next_port, Protocol="HTTP", DefaultActions=actions
        )
        self._next_port += 1
        arn: str = created["Listeners"][0]["ListenerArn"]
        return arn

    def url(self, listener: str) -> str:
        """Where the listener answers on this machine."""

        def look() -> str | None:
            known: list[dict[str, Any]] = self.sandbox.control("GET", "listeners")
            return next((each["url"] for each in known if each["listener"] == listener), None)

        url = eventually(look, why="the listener's port")
        assert url is not None
        return url

    def service(self, *, balanced: bool = True, compatibility: str = "FARGATE") -> ServiceUnderTest:
        name = f"svc-{uuid4().hex[:6]}"
        self.sandbox.client("ecr").create_repository(repositoryName=f"world/{name}")
        group = self.target_group(name) if balanced else None
        return ServiceUnderTest(self, name, f"world/{name}", group, compatibility)
