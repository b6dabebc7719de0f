"""Rolling deployments behave as in ECS: bounds, health, circuit breaker, rollback, alarms, stops."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_world import BREAKER, World

WITH_ALARM = {"alarms": {"alarmNames": ["deploy"], "enable": True, "rollback": True}}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


def put_alarm(world: World, state: str) -> None:
    cloudwatch = world.sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="deploy", Namespace="N", MetricName="M", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", Statistic="Sum", TreatMissingData="ignore",
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="deploy", StateValue=state, StateReason="test")


def test_a_new_service_deploys_its_first_revision(world: World) -> None:
    service = world.service()
    assert service.create()["status"] == "SUCCESSFUL"
    described = service.describe()
    assert (described["runningCount"], described["pendingCount"], described["desiredCount"]) == (2, 0, 2)
    rollout = described["deployments"][0]
    assert (rollout["status"], rollout["rolloutState"]) == ("PRIMARY", "COMPLETED")
    assert {task["startedBy"] for task in service.tasks()} == {rollout["id"]}
    assert f"(service {service.name}) has reached a steady state." in service.messages()
    world.ecs.get_waiter("services_stable").wait(cluster=world.cluster, services=[service.name])


def test_a_healthy_image_replaces_the_old_one_within_the_bounds(world: World) -> None:
    service = world.service()
    service.create()
    image = service.deploy("healthy", "v2")
    seen: set[int] = set()

    def look() -> bool:
        tasks = service.tasks()
        seen.add(len(tasks))
        return service.deployment()["status"] == "SUCCESSFUL"

    eventually(look)
    assert max(seen) <= 4
    assert service.digests() == {image["digest"]}
    deployment = service.deployment()
    revision = world.ecs.describe_service_revisions(
        serviceRevisionArns=[deployment["targetServiceRevision"]["arn"]]
    )["serviceRevisions"][0]  # fmt: skip
    assert [each["imageDigest"] for each in revision["containerImages"]] == [image["digest"]]
    assert len(service.describe()["deployments"]) == 1


def test_an_image_by_digest_runs_that_digest(world: World) -> None:
    service = world.service()
    service.create()
    image = service.image("healthy", "v2")
    repository = image["image"].rsplit(":", 1)[0]
    service.update(taskDefinition=service.register(f"{repository}@{image['digest']}"))
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.digests() == {image["digest"]}


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [("unhealthy", "task(s) failed health checks"), ("crashes", "tasks failed to start"), ("hang", "health checks")],
)
def test_a_bad_image_is_taken_back_by_the_circuit_breaker(world: World, behaviour: str, reason: str) -> None:
    service = world.service()
    service.create()
    good = service.digests()
    service.deploy(behaviour, "bad")
    ended = service.ended()
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert reason in ended["rollback"]["reason"]
    assert ended["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert ended["deploymentCircuitBreaker"]["failureCount"] >= ended["deploymentCircuitBreaker"]["threshold"] == 3
    assert service.digests() == good
    described = service.describe()
    assert described["taskDefinition"].endswith(":1")
    assert described["runningCount"] == 2
    assert any("rolling back to (deployment ecs-svc/" in message for message in service.messages())


def test_an_image_that_does_not_exist_stops_its_tasks_with_the_reason(world: World) -> None:
    service = world.service()
    service.create()
    service.update(
        taskDefinition=service.register(f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{service.repository}:no")
    )
    assert service.ended()["status"] == "ROLLBACK_SUCCESSFUL"
    failed = [task for task in service.tasks("STOPPED") if task["stopCode"] == "TaskFailedToStart"]
    assert failed
    assert all(task["stoppedReason"].startswith("CannotPullContainerError") for task in failed)


def test_a_crash_leaves_its_exit_code_and_an_unhealthy_task_its_target_group(world: World) -> None:
    crashed, unhealthy = world.service(), world.service()
    for service, behaviour in ((crashed, "crashes"), (unhealthy, "unhealthy")):
        service.create()
        service.deploy(behaviour, "bad")
        service.ended()
    exits = [task for task in crashed.tasks("STOPPED") if task["stopCode"] == "EssentialContainerExited"]
    assert {task["containers"][0]["exitCode"] for task in exits} == {1}
    reasons = {task["stoppedReason"] for task in unhealthy.tasks("STOPPED")}
    assert f"Task failed ELB health checks in (target-group {unhealthy.target_group})" in reasons
    assert any("Health checks failed with these codes: [503]" in message for message in unhealthy.messages())


def test_a_slow_start_is_given_its_grace_period(world: World) -> None:
    service = world.service()
    service.create()
    service.deploy("slow-start:120", "slow", healthCheckGracePeriodSeconds=300)
    assert service.ended()["status"] == "SUCCESSFUL"


def test_the_first_deployment_has_nothing_to_return_to(world: World) -> None:
    service = world.service()
    ended = service.create("crashes")
    assert ended["status"] == "ROLLBACK_FAILED"
    assert "no completed deployment" in ended["statusReason"]
    assert service.describe()["deployments"][0]["rolloutState"] == "FAILED"
    service.deploy("healthy", "v2")
    assert service.ended()["status"] == "SUCCESSFUL"


def test_a_rollback_to_an_image_that_fails_too_is_given_up(world: World) -> None:
    service = world.service()
    assert service.create("crashes", desired=0)["status"] == "SUCCESSFUL"
    service.deploy("crashes", "v2", desiredCount=2)
    ended = service.ended()
    assert ended["status"] == "ROLLBACK_FAILED"
    assert "tasks failed to start" in ended["statusReason"]
    assert service.describe()["taskDefinition"].endswith(":1")


def test_without_rollback_a_failed_deployment_stops_and_the_old_tasks_stay(world: World) -> None:
    service = world.service()
    service.create(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    good = service.digests()
    service.deploy("crashes", "bad")
    assert service.ended()["status"] == "STOPPED"
    described = service.describe()
    assert described["deployments"][0]["rolloutState"] == "FAILED"
    assert good <= service.digests()
    assert described["runningCount"] == 2


def test_a_service_without_tasks_is_stable(world: World) -> None:
    service = world.service()
    assert service.create(desired=0)["status"] == "SUCCESSFUL"
    service.deploy("healthy", "v2")
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.describe()["runningCount"] == 0


def test_the_desired_count_changes_without_a_deployment(world: World) -> None:
    service = world.service()
    first = service.create()
    service.update(desiredCount=4)
    eventually(lambda: service.describe()["runningCount"] == 4)
    service.update(desiredCount=1)
    eventually(lambda: service.describe()["runningCount"] == 1)
    assert service.deployment()["serviceDeploymentArn"] == first["serviceDeploymentArn"]


def test_a_forced_deployment_replaces_the_tasks_with_the_same_image(world: World) -> None:
    service = world.service()
    first = service.create()
    before = {task["taskArn"] for task in service.tasks()}
    service.update(forceNewDeployment=True)
    ended = service.ended()
    assert ended["status"] == "SUCCESSFUL"
    assert ended["serviceDeploymentArn"] != first["serviceDeploymentArn"]
    assert not before & {task["taskArn"] for task in service.tasks()}


def test_a_newer_deployment_supersedes_the_one_under_way(world: World) -> None:
    service = world.service()
    service.create()
    service.deploy("slow-start:100000", "slow", healthCheckGracePeriodSeconds=10**6)
    eventually(lambda: service.deployment()["status"] == "IN_PROGRESS")
    superseded = service.deployment()["serviceDeploymentArn"]
    image = service.deploy("healthy", "v3")
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.digests() == {image["digest"]}
    described = world.ecs.describe_service_deployments(serviceDeploymentArns=[superseded])["serviceDeployments"][0]
    assert described["status"] == "STOPPED"


def test_an_alarm_during_the_deployment_rolls_it_back(world: World) -> None:
    put_alarm(world, "OK")
    service = world.service()
    service.create()
    service.deploy("slow-start:100000", "slow", healthCheckGracePeriodSeconds=10**6, deploymentConfiguration=WITH_ALARM)
    eventually(lambda: service.deployment()["status"] == "IN_PROGRESS")
    put_alarm(world, "ALARM")
    ended = service.ended()
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert ended["alarms"]["triggeredAlarmNames"] == ["deploy"]


def test_an_alarm_that_already_rang_is_ignored_for_the_whole_deployment(world: World) -> None:
    put_alarm(world, "ALARM")
    service = world.service()
    service.create()
    service.deploy("healthy", "v2", deploymentConfiguration=WITH_ALARM)
    ended = service.ended()
    assert ended["status"] == "SUCCESSFUL"
    assert ended["alarms"]["status"] == "DISABLED"


@pytest.mark.parametrize(
    ("how", "status", "task_definition"), [("ROLLBACK", "ROLLBACK_SUCCESSFUL", ":1"), ("ABORT", "STOPPED", ":2")]
)
def test_a_deployment_can_be_stopped(world: World, how: str, status: str, task_definition: str) -> None:
    service = world.service()
    service.create(deploymentConfiguration={})
    service.deploy("slow-start:100000", "slow", healthCheckGracePeriodSeconds=10**6)
    eventually(lambda: service.deployment()["status"] == "IN_PROGRESS")
    arn = service.deployment()["serviceDeploymentArn"]
    assert world.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType=how)["serviceDeploymentArn"] == arn
    assert service.ended()["status"] == status
    assert service.describe()["taskDefinition"].endswith(task_definition)
    with pytest.raises(ClientError, match="ConflictException"):
        world.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType=how)


def test_without_a_load_balancer_a_task_is_healthy_after_forty_seconds(world: World) -> None:
    service = world.service(balanced=False)
    assert service.create()["status"] == "SUCCESSFUL"


def test_a_container_health_check_decides_where_there_is_one(world: World) -> None:
    service = world.service(balanced=False)
    service.create()
    bad = service.image("unhealthy", "bad")["image"]
    check = {"command": ["CMD-SHELL", "curl -f http://localhost:8080/up"], "interval": 10, "retries": 2}
    service.update(taskDefinition=service.register(bad, healthCheck=check))
    assert service.ended()["status"] == "ROLLBACK_SUCCESSFUL"
    reasons = {task["stoppedReason"] for task in service.tasks("STOPPED")}
    assert "Task failed container health checks" in reasons


def test_the_settings_of_a_service_are_read_back_as_they_were_given(world: World) -> None:
    service = world.service()
    configuration = {**BREAKER, "maximumPercent": 150, "minimumHealthyPercent": 50}
    service.create(
        desired=0,
        deploymentConfiguration=configuration,
        healthCheckGracePeriodSeconds=60,
        enableExecuteCommand=True,
        enableECSManagedTags=True,
        propagateTags="SERVICE",
        availabilityZoneRebalancing="ENABLED",
        tags=[{"key": "slipway:system", "value": "test"}],
    )
    described = world.ecs.describe_services(cluster=world.cluster, services=[service.name], include=["TAGS"])[
        "services"
    ][0]
    assert described["deploymentConfiguration"].items() >= configuration.items()
    assert described["healthCheckGracePeriodSeconds"] == 60
    assert described["enableExecuteCommand"] is True
    assert described["enableECSManagedTags"] is True
    assert described["propagateTags"] == "SERVICE"
    assert described["availabilityZoneRebalancing"] == "ENABLED"
    assert described["tags"] == [{"key": "slipway:system", "value": "test"}]
    service.update(desiredCount=1)
    eventually(lambda: service.describe()["runningCount"] == 1)
    arn = service.tasks()[0]["taskArn"]
    tags = world.ecs.describe_tasks(cluster=world.cluster, tasks=[arn], include=["TAGS"])["tasks"][0]["tags"]
    assert {tag["key"] for tag in tags} == {"slipway:system", "aws:ecs:clusterName", "aws:ecs:serviceName"}


def test_a_service_that_still_runs_is_deleted_only_by_force(world: World) -> None:
    service = world.service()
    service.create()
    with pytest.raises(ClientError, match="scaled above 0"):
        world.ecs.delete_service(cluster=world.cluster, service=service.name)
    assert (
        world.ecs.delete_service(cluster=world.cluster, service=service.name, force=True)["service"]["status"]
        == "DRAINING"
    )
    eventually(lambda: service.describe()["status"] == "INACTIVE")
    assert service.name not in str(world.ecs.list_services(cluster=world.cluster)["serviceArns"])
    health = world.elbv2.describe_target_health(TargetGroupArn=service.target_group)["TargetHealthDescriptions"]
    assert [each for each in health if each["TargetHealth"]["State"] == "healthy"] == []


def test_a_target_group_without_a_load_balancer_is_refused(world: World) -> None:
    service = world.service(balanced=False)
    service.target_group = world.elbv2.create_target_group(
        Name=service.name, Protocol="HTTP", Port=8080, VpcId=world.vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    with pytest.raises(ClientError, match="does not have an associated load balancer"):
        service.create()


def small_subnet(world: World, cidr: str, zone: str) -> str:
    """A subnet of 11 addresses for tasks."""
    subnet = world.sandbox.client("ec2").create_subnet(VpcId=world.vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]
    return str(subnet["SubnetId"])


def test_tasks_find_the_last_addresses_of_all_their_subnets(world: World) -> None:
    """Of five tasks three begin in the first subnet, which is full long before the second is."""
    subnets = [small_subnet(world, "10.20.98.0/28", "us-east-1a"), small_subnet(world, "10.20.98.16/28", "us-east-1b")]
    network = {"awsvpcConfiguration": {"subnets": subnets}}
    for desired in (5, 5, 5, 7):
        service = world.service(balanced=False)
        assert service.create(desired=desired, networkConfiguration=network)["status"] == "SUCCESSFUL"


def test_a_full_subnet_is_said_and_does_not_hold_up_other_services(world: World) -> None:
    small = small_subnet(world, "10.20.99.0/28", "us-east-1a")
    crowded, other = world.service(balanced=False), world.service()
    definition = crowded.register(crowded.image("healthy", "v1")["image"])
    given = {
        "cluster": world.cluster,
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": [small]}},
    }
    world.ecs.create_service(serviceName=crowded.name, desiredCount=14, **given)
    assert other.create()["status"] == "SUCCESSFUL"
    eventually(lambda: crowded.describe()["runningCount"] == 11, why="all addresses of a /28 in use")
    impaired = f"(service {crowded.name}) is unable to consistently start tasks successfully."
    eventually(lambda: any(message.startswith(impaired) for message in crowded.messages()), why="the service's event")
    alone = world.ecs.run_task(**given)["tasks"][0]["taskArn"]
    world.ecs.get_waiter("tasks_stopped").wait(cluster=world.cluster, tasks=[alone], WaiterConfig={"Delay": 1})
    ended = world.ecs.describe_tasks(cluster=world.cluster, tasks=[alone])["tasks"]
    for task in (*ended, *crowded.tasks("STOPPED")):
        assert task["stopCode"] == "TaskFailedToStart"
        assert task["stoppedReason"] == (
            "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in "
            f"subnet '{small}': InsufficientFreeAddressesInSubnet"
        )
        assert [each["name"] for each in task["attachments"][0]["details"]] == ["subnetId"]
    crowded.update(desiredCount=11)
    assert crowded.ended()["status"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("network", "message"),
    [({}, "Network Configuration must be provided"), ({"subnets": ["subnet-0"]}, "'subnet-0' does not exist")],
)
def test_a_network_that_cannot_be_used_is_refused(world: World, network: dict[str, list[str]], message: str) -> None:
    service = world.service(balanced=False)
    definition = service.register(service.image("healthy", "v1")["image"])
    given = {"networkConfiguration": {"awsvpcConfiguration": network}} if network else {}
    with pytest.raises(ClientError, match=message):
        world.ecs.create_service(
            cluster=world.cluster, serviceName=service.name, taskDefinition=definition, launchType="FARGATE", **given
        )


def test_a_service_moves_to_a_capacity_provider_and_back(world: World) -> None:
    service = world.service(balanced=False)
    service.create(desired=1)
    for strategy, provider, launch_type in (
        ([{"capacityProvider": "FARGATE_SPOT", "weight": 1}], "FARGATE_SPOT", None),
        ([], None, "FARGATE"),
    ):
        described = service.update(capacityProviderStrategy=strategy, forceNewDeployment=True)
        assert (described.get("capacityProviderStrategy") or [], described.get("launchType")) == (strategy, launch_type)
        assert service.ended()["status"] == "SUCCESSFUL"
        assert [task.get("capacityProviderName") for task in service.tasks()] == [provider]


def test_running_services_go_on_after_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("restarted")
    with start_sandbox(folder, scale=50) as sandbox:
        world = World(sandbox)
        service = world.service()
        service.create()
        tasks = {task["taskArn"] for task in service.tasks()}
    with start_sandbox(folder, scale=50) as sandbox:
        world.sandbox, world.ecs, world.elbv2 = sandbox, sandbox.client("ecs"), sandbox.client("elbv2")
        assert {task["taskArn"] for task in service.tasks()} == tasks

        def healthy() -> bool:
            health = world.elbv2.describe_target_health(TargetGroupArn=service.target_group)
            return [each["TargetHealth"]["State"] for each in health["TargetHealthDescriptions"]] == ["healthy"] * 2

        eventually(healthy)
        image = service.deploy("healthy", "v2")
        assert service.ended()["status"] == "SUCCESSFUL"
        assert service.digests() == {image["digest"]}
