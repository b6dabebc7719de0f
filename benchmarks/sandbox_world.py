"""A sandbox of its own for measuring, and a fleet in it."""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import urllib3
from botocore.config import Config

from benchmarks.world import REPOSITORY, wait_for

LISTENERS_SHARED_BY = 5


@dataclass(frozen=True)
class RunningSandbox:
    url: str
    process: subprocess.Popen[str]

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id="slipway",
            aws_secret_access_key="slipway",
            config=Config(retries={"max_attempts": 1}),
        )

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        response = urllib3.request("POST" if body else "GET", f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        if response.status != 200:
            raise RuntimeError(response.data.decode())
        return response.json()


@contextmanager
def sandbox() -> Iterator[RunningSandbox]:
    """At real speed, on a free port and an empty folder; it has given its first answer when the block begins."""
    with tempfile.TemporaryDirectory(prefix="slipway-bench-aws-") as folder:
        arguments = ("--port", "0", "--data", folder, "--die-with-parent")
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", *arguments], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout
            running = RunningSandbox(process.stdout.readline().removeprefix("sandbox: ").strip(), process)
            running.control("health")
            yield running
        finally:
            process.terminate()
            process.wait(30)


def memory_mib(pid: int) -> float:
    """What the process holds in memory now."""
    status = Path(f"/proc/{pid}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    if match is None:
        raise RuntimeError(f"process {pid} is gone")
    return int(match[1]) / 1024


class Fleet:
    """Services of one cluster, each with a target group of its own, behind listeners that some of them share."""

    def __init__(self, running: RunningSandbox) -> None:
        self._running = running
        self.cluster = "fleet"
        self.ecs, self._elbv2 = running.client("ecs"), running.client("elbv2")
        self._groups: list[str] = []

    def prepare(self, services: int, behaviour: str = "healthy") -> None:
        ec2 = self._running.client("ec2")
        self._vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self._subnets = [
            ec2.create_subnet(
                VpcId=self._vpc, CidrBlock=f"10.0.{number * 64}.0/18", AvailabilityZone=f"us-east-1{zone}"
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate("ab")
        ]
        self._running.client("ecr").create_repository(repositoryName="fleet/app")
        image = self._running.control("images", {"repository": "fleet/app", "behaviour": behaviour})["image"]
        self.ecs.create_cluster(clusterName=self.cluster)
        definition = self.ecs.register_task_definition(
            family="fleet",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "app", "image": image, "portMappings": [{"containerPort": 8080}]}],
        )
        self._definition = definition["taskDefinition"]["taskDefinitionArn"]
        balancer = self._elbv2.create_load_balancer(Name="fleet", Subnets=self._subnets)["LoadBalancers"][0]
        for number in range(services):
            group = self._elbv2.create_target_group(
                Name=f"fleet-{number}",
                Protocol="HTTP",
                Port=8080,
                VpcId=self._vpc,
                TargetType="ip",
                HealthCheckPath="/up",
            )
            self._groups.append(group["TargetGroups"][0]["TargetGroupArn"])
        for number in range(0, services, LISTENERS_SHARED_BY):
            shared = [
                {"TargetGroupArn": arn, "Weight": 1} for arn in self._groups[number : number + LISTENERS_SHARED_BY]
            ]
            self._elbv2.create_listener(
                LoadBalancerArn=balancer["LoadBalancerArn"],
                Port=8000 + number,
                Protocol="HTTP",
                DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": shared}}],
            )

    def names(self, count: int) -> list[str]:
        return [f"service-{number}" for number in range(count)]

    def create(self, services: int, tasks_each: int) -> None:
        for name, group in zip(self.names(services), self._groups, strict=True):
            self.ecs.create_service(
                cluster=self.cluster,
                serviceName=name,
                taskDefinition=self._definition,
                desiredCount=tasks_each,
                launchType="FARGATE",
                networkConfiguration={"awsvpcConfiguration": {"subnets": self._subnets}},
                loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
            )

    def wait_until_stable(self, services: int) -> None:
        """Raises TimeoutError. Asks only for services that were not stable when it last asked."""
        waiting = self.names(services)

        def look() -> bool:
            ten = self.ecs.describe_services(cluster=self.cluster, services=waiting[:10])["services"]
            done = {each["serviceName"] for each in ten if each["deployments"][0]["rolloutState"] == "COMPLETED"}
            waiting[:] = [name for name in waiting if name not in done]
            return not waiting

        deadline = time.monotonic() + 240
        while len(waiting) > 10 and time.monotonic() < deadline:
            before = len(waiting)
            if not look() and len(waiting) == before:
                time.sleep(0.25)
        wait_for(lambda: not waiting or look(), seconds=60, why="the fleet is stable")
