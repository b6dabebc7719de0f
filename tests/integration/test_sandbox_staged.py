"""BLUE_GREEN, CANARY and LINEAR go through their stages as in ECS: weights, bakes, tasks, hooks."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_staged import StagedService, pause_at, staged_service
from tests.sandbox_world import World

BLUE_GREEN = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


def revision_of(world: World, deployment: dict) -> dict:
    arn = deployment["targetServiceRevision"]["arn"]
    return world.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"][0]


def test_blue_green_shifts_all_traffic_at_once_and_cleans_up_last(world: World) -> None:
    service = staged_service(world)
    paused = pause_at("POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT")
    assert service.create_staged(BLUE_GREEN)["status"] == "SUCCESSFUL"
    assert service.weights(service.production_rule) == (100, 0)
    old = service.digests()
    image = service.deploy("healthy", "v2", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": [paused]})

    deployment = service.at("POST_SCALE_UP")
    assert deployment["status"] == "IN_PROGRESS"
    assert service.weights(service.production_rule) == service.weights(service.test_rule) == (100, 0)
    target, source = deployment["targetServiceRevision"], deployment["sourceServiceRevisions"][0]
    assert (target["runningTaskCount"], source["runningTaskCount"]) == (2, 2)
    assert (target["requestedProductionTrafficWeight"], source["requestedProductionTrafficWeight"]) == (0, 100)
    assert (target["requestedTestTrafficWeight"], source["requestedTestTrafficWeight"]) == (0, 100)
    service.resume()

    service.at("POST_TEST_TRAFFIC_SHIFT")
    assert service.weights(service.production_rule) == (100, 0)
    assert service.weights(service.test_rule) == (0, 100)
    service.resume()

    deployment = service.at("POST_PRODUCTION_TRAFFIC_SHIFT")
    assert service.weights(service.production_rule) == (0, 100)
    assert deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] == 100
    assert service.digests() == {*old, image["digest"]}
    assert len(service.describe()["deployments"]) == 2
    service.resume()

    ended = service.ended()
    assert ended["status"] == "SUCCESSFUL"
    assert ended["lifecycleStage"] == "CLEAN_UP"
    assert service.digests() == {image["digest"]}
    described = service.describe()
    assert [each["rolloutState"] for each in described["deployments"]] == ["COMPLETED"]
    assert revision_of(world, ended)["resolvedConfiguration"]["loadBalancers"] == [
        {"targetGroupArn": service.alternate, "productionListenerRule": service.production_rule}
    ]
    world.ecs.get_waiter("services_stable").wait(cluster=world.cluster, services=[service.name])


def test_the_groups_take_turns_from_deployment_to_deployment(world: World) -> None:
    service = staged_service(world)
    service.create_staged({"strategy": "BLUE_GREEN"}, desired=1)
    for tag, weights in (("v2", (0, 100)), ("v3", (100, 0))):
        image = service.deploy("healthy", tag)
        assert service.ended()["status"] == "SUCCESSFUL"
        assert service.weights(service.production_rule) == weights
        assert service.digests() == {image["digest"]}


def test_a_canary_bakes_at_its_share_before_the_rest_follows(world: World) -> None:
    service = staged_service(world)
    configuration = {
        "strategy": "CANARY",
        "canaryConfiguration": {"canaryPercent": 12.5, "canaryBakeTimeInMinutes": 5},
        "lifecycleHooks": [pause_at("PRE_PRODUCTION_TRAFFIC_SHIFT")],
    }
    service.create_staged({"strategy": "CANARY"}, desired=1)
    service.deploy("healthy", "v2", deploymentConfiguration=configuration)
    service.resume()
    deployment = service.at("PRODUCTION_TRAFFIC_SHIFT", production=12.5)
    assert service.weights(service.production_rule) == (875, 125)
    assert deployment["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"] == 87.5
    paused = service.at("PRE_PRODUCTION_TRAFFIC_SHIFT", production=12.5)
    assert (paused["updatedAt"] - deployment["updatedAt"]).total_seconds() >= 300 / 50
    service.resume()
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.weights(service.production_rule) == (0, 100)


def test_linear_goes_up_in_equal_steps(world: World) -> None:
    service = staged_service(world)
    service.create_staged({"strategy": "LINEAR"}, desired=1)
    linear = {"stepPercent": 40.0, "stepBakeTimeInMinutes": 1}
    pause = [pause_at("PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT")]
    service.deploy(
        "healthy",
        "v2",
        deploymentConfiguration={"strategy": "LINEAR", "linearConfiguration": linear, "lifecycleHooks": pause},
    )
    for weight in (0, 40, 80):
        service.at("PRE_PRODUCTION_TRAFFIC_SHIFT", production=weight)
        assert service.weights(service.production_rule) == (100 - weight, weight)
        service.resume()
    service.at("POST_PRODUCTION_TRAFFIC_SHIFT", production=100)
    service.resume()
    assert service.ended()["status"] == "SUCCESSFUL"


def test_the_defaults_of_a_strategy_are_read_back(world: World) -> None:
    service = staged_service(world)
    service.create_staged({"strategy": "CANARY"}, desired=0)
    configuration = service.describe()["deploymentConfiguration"]
    assert configuration["canaryConfiguration"] == {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}
    service.update(deploymentConfiguration={"strategy": "LINEAR"})
    configuration = service.describe()["deploymentConfiguration"]
    assert configuration["linearConfiguration"] == {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}
    assert "canaryConfiguration" not in configuration
    service.update(deploymentConfiguration={"strategy": "ROLLING"})
    assert "linearConfiguration" not in service.describe()["deploymentConfiguration"]


def test_a_rolling_service_changes_to_blue_green_and_back(world: World) -> None:
    service = staged_service(world)
    balancer = {key: value for key, value in service.load_balancers()[0].items() if key != "advancedConfiguration"}
    service.create(loadBalancers=[balancer], desired=1)
    service.deploy(
        "healthy", "v2", loadBalancers=service.load_balancers(), deploymentConfiguration={"strategy": "BLUE_GREEN"}
    )
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.weights(service.production_rule) == (0, 100)
    image = service.deploy("healthy", "v3", deploymentConfiguration={"strategy": "ROLLING"})
    ended = service.ended()
    assert (ended["status"], ended.get("lifecycleStage")) == ("SUCCESSFUL", None)
    assert service.digests() == {image["digest"]}
    health = world.elbv2.describe_target_health(TargetGroupArn=service.alternate)["TargetHealthDescriptions"]
    assert [each["TargetHealth"]["State"] for each in health if each["TargetHealth"]["State"] != "draining"] == [
        "healthy"
    ]


def test_a_task_that_ends_during_the_bake_is_replaced_by_its_own_revision(world: World) -> None:
    service = staged_service(world)
    service.create_staged({"strategy": "BLUE_GREEN"})
    old = service.digests()
    image = service.deploy(
        "healthy",
        "v2",
        deploymentConfiguration={
            "strategy": "BLUE_GREEN",
            "lifecycleHooks": [pause_at("POST_PRODUCTION_TRAFFIC_SHIFT")],
        },
    )
    service.at("POST_PRODUCTION_TRAFFIC_SHIFT")
    victims = {task["containers"][0]["imageDigest"]: task["taskArn"] for task in service.tasks()}
    for victim in victims.values():
        world.ecs.stop_task(cluster=world.cluster, task=victim)

    def digests() -> list[str]:
        running = [task for task in service.tasks() if task["lastStatus"] == "RUNNING"]
        return sorted(
            task["containers"][0]["imageDigest"] for task in running if task["taskArn"] not in victims.values()
        )

    both = sorted([*old, image["digest"]] * 2)
    eventually(lambda: digests() == both, why="both revisions whole")
    service.resume()
    assert service.ended()["status"] == "SUCCESSFUL"


def test_blue_green_without_a_load_balancer_goes_through_the_stages(world: World) -> None:
    service = world.service(balanced=False)
    service.create(desired=1, deploymentConfiguration={"strategy": "BLUE_GREEN"})
    image = service.deploy("healthy", "v2")
    ended = service.ended()
    assert (ended["status"], ended["lifecycleStage"]) == ("SUCCESSFUL", "CLEAN_UP")
    assert "requestedProductionTrafficWeight" not in ended["targetServiceRevision"]
    assert service.digests() == {image["digest"]}


def test_a_staged_deployment_goes_on_after_a_sudden_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("restarted")
    hooks = {"strategy": "BLUE_GREEN", "lifecycleHooks": [pause_at("POST_TEST_TRAFFIC_SHIFT")]}
    with start_sandbox(folder, scale=50) as first:
        service: StagedService = staged_service(World(first))
        service.create_staged({"strategy": "BLUE_GREEN"}, desired=1)
        first.control("POST", "hooks", {"function": "check", "answer": "SUCCEEDED"})
        image = service.deploy("healthy", "v2", deploymentConfiguration=hooks)
        before = service.at("POST_TEST_TRAFFIC_SHIFT")["lifecycleHookDetails"]
        hook, saved = before[0]["hookId"].encode(), folder / "state.pickle"
        eventually(lambda: hook in saved.read_bytes(), why="the stage on disk")
        first.stop(signal.SIGKILL)
    with start_sandbox(folder, scale=50) as second:
        service.world.sandbox, service.world.ecs = second, second.client("ecs")
        service.world.elbv2 = second.client("elbv2")
        deployment = service.at("POST_TEST_TRAFFIC_SHIFT")
        assert deployment["lifecycleHookDetails"][0]["hookId"] == before[0]["hookId"]
        assert service.weights(service.test_rule) == (0, 100)
        assert second.control("GET", "hooks") == {"check": "SUCCEEDED"}
        service.resume()
        assert service.ended()["status"] == "SUCCESSFUL"
        assert service.digests() == {image["digest"]}


def test_the_default_rule_of_a_listener_can_be_the_production_rule(world: World) -> None:
    service = staged_service(world)
    actions = world.elbv2.describe_rules(RuleArns=[service.production_rule])["Rules"][0]["Actions"]
    listener = world.listener(actions)
    service.production_rule = world.elbv2.describe_rules(ListenerArn=listener)["Rules"][0]["RuleArn"]
    service.create_staged({"strategy": "BLUE_GREEN"}, desired=1)
    service.deploy("healthy", "v2")
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.weights(service.production_rule) == (0, 100)
    described = world.elbv2.describe_listeners(ListenerArns=[listener])["Listeners"][0]["DefaultActions"][0]
    weights = {each["TargetGroupArn"]: each["Weight"] for each in described["ForwardConfig"]["TargetGroups"]}
    assert weights == {service.target_group: 0, service.alternate: 100}


def test_a_rolling_update_after_an_aborted_canary_gives_the_traffic_to_one_revision_first(world: World) -> None:
    service = staged_service(world)
    service.create_staged({"strategy": "BLUE_GREEN"}, desired=1)
    canary = {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1000}}
    service.deploy("healthy", "v2", deploymentConfiguration=canary)
    arn = service.at("PRODUCTION_TRAFFIC_SHIFT", production=10)["serviceDeploymentArn"]
    world.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ABORT")
    assert service.ended()["status"] == "STOPPED"
    assert service.weights(service.production_rule) == (90, 10)
    image = service.deploy("healthy", "v3", deploymentConfiguration={"strategy": "ROLLING"})
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.weights(service.production_rule) == (100, 0)
    assert service.digests() == {image["digest"]}
    health = world.elbv2.describe_target_health(TargetGroupArn=service.target_group)["TargetHealthDescriptions"]
    assert "healthy" in {each["TargetHealth"]["State"] for each in health}
