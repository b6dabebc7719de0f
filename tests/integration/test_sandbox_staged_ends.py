"""How BLUE_GREEN, CANARY and LINEAR deployments are stopped, fail, are taken back, and what ECS refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_staged import StagedService, pause_at, staged_service
from tests.sandbox_world import World

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:check"
ALARMS = {"alarmNames": ["staged"], "enable": True, "rollback": True}
CANARY = {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 0}}
EVERY_PAUSE = pause_at(
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


def lambda_at(*stages: str) -> dict[str, Any]:
    role = "arn:aws:iam::123456789012:role/hooks"
    return {"hookTargetArn": FUNCTION, "roleArn": role, "lifecycleStages": list(stages)}


def ready(world: World, *, desired: int = 1) -> StagedService:
    """A staged service whose first deployment is done; the next one is a canary."""
    service = staged_service(world)
    service.create_staged({"strategy": "BLUE_GREEN"}, desired=desired)
    return service


def deploy(service: StagedService, *hooks: dict[str, Any], behaviour: str = "healthy", **more: Any) -> dict[str, str]:
    configuration = {**CANARY, "lifecycleHooks": list(hooks), **more}
    return service.deploy(behaviour, "v2", deploymentConfiguration=configuration)


def stop(service: StagedService, how: str) -> None:
    arn = service.deployment()["serviceDeploymentArn"]
    service.world.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType=how)


def assert_taken_back(service: StagedService, old: set[str]) -> dict[str, Any]:
    ended = service.ended()
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert service.weights(service.production_rule) == service.weights(service.test_rule) == (100, 0)
    assert service.digests() == old
    assert ended["targetServiceRevision"]["requestedProductionTrafficWeight"] == 0
    assert ended["rollback"]["serviceRevisionArn"] == ended["sourceServiceRevisions"][0]["arn"]
    described = service.describe()
    assert described["taskDefinition"].endswith(":1")
    assert len(described["deployments"]) == 1
    return ended


@pytest.mark.parametrize(
    ("stage", "production"),
    [
        ("PRE_SCALE_UP", 0),
        ("POST_SCALE_UP", 0),
        ("POST_TEST_TRAFFIC_SHIFT", 0),
        ("PRE_PRODUCTION_TRAFFIC_SHIFT", 10),
        ("POST_PRODUCTION_TRAFFIC_SHIFT", 100),
    ],
)
def test_a_stop_with_rollback_takes_any_stage_back(world: World, stage: str, production: float) -> None:
    service = ready(world)
    old, kept = service.digests(), {task["taskArn"] for task in service.tasks()}
    deploy(service, EVERY_PAUSE)

    def look() -> bool:
        deployment = service.deployment()
        weight = deployment["targetServiceRevision"]["requestedProductionTrafficWeight"]
        if deployment.get("lifecycleStage") == stage and weight == production:
            return True
        if any(hook["status"] == "AWAITING_ACTION" for hook in deployment.get("lifecycleHookDetails", [])):
            service.resume()
        return False

    eventually(look, why=stage)
    stop(service, "ROLLBACK")
    assert_taken_back(service, old)
    assert {task["taskArn"] for task in service.tasks()} == kept


def test_a_stop_during_the_clean_up_brings_the_old_tasks_back_first(world: World) -> None:
    service = ready(world, desired=2)
    old = service.digests()
    world.elbv2.modify_target_group_attributes(
        TargetGroupArn=service.target_group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "3000"}],
    )
    deploy(service, strategy="BLUE_GREEN")
    service.at("CLEAN_UP")
    eventually(lambda: len(service.tasks()) == 2, why="the old tasks leaving")
    stop(service, "ROLLBACK")
    seen: list[tuple[tuple[int, int], int]] = []

    def look() -> bool:
        weights = service.weights(service.production_rule)
        healthy = [
            each
            for each in world.elbv2.describe_target_health(TargetGroupArn=service.target_group)[
                "TargetHealthDescriptions"
            ]
            if each["TargetHealth"]["State"] == "healthy"
        ]
        seen.append((weights, len(healthy)))
        return weights == (100, 0)

    eventually(look, why="the traffic going back")
    assert seen[0][0] == (0, 100)
    assert seen[-1][1] == 2
    eventually(lambda: service.digests() == old, why="the new tasks stopped")
    world.sandbox.control("POST", "clock", {"advance": 3600})
    assert_taken_back(service, old)


def test_an_abort_leaves_traffic_and_tasks_and_the_next_deployment_reconciles(world: World) -> None:
    service = ready(world, desired=2)
    old = service.digests()
    new = deploy(service, pause_at("PRE_PRODUCTION_TRAFFIC_SHIFT"))
    service.resume()
    service.at("PRE_PRODUCTION_TRAFFIC_SHIFT", production=10)
    stop(service, "ABORT")
    assert service.ended()["status"] == "STOPPED"
    assert service.weights(service.production_rule) == (90, 10)
    victim = next(task for task in service.tasks() if task["containers"][0]["imageDigest"] in old)["taskArn"]
    world.ecs.stop_task(cluster=world.cluster, task=victim)

    def digests() -> list[str]:
        return sorted(
            task["containers"][0].get("imageDigest", "") for task in service.tasks() if task["taskArn"] != victim
        )

    both = sorted([*old, new["digest"]] * 2)
    eventually(lambda: digests() == both, why="the lost task's replacement by its own revision")

    paused = pause_at("RECONCILE_SERVICE", "PRE_SCALE_UP")
    newest = service.deploy("healthy", "v3", deploymentConfiguration={**CANARY, "lifecycleHooks": [paused]})
    service.at("RECONCILE_SERVICE")
    service.resume()
    service.at("PRE_SCALE_UP")
    assert service.weights(service.production_rule) == (100, 0)
    assert service.digests() == old
    service.resume()
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.digests() == {newest["digest"]}


def put_alarm(world: World, state: str) -> None:
    cloudwatch = world.sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="staged", Namespace="N", MetricName="M", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", Statistic="Sum", TreatMissingData="ignore",
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="staged", StateValue=state, StateReason="test")


def test_an_alarm_during_the_bake_gives_the_traffic_back(world: World) -> None:
    put_alarm(world, "OK")
    service = ready(world)
    old = service.digests()
    deploy(service, bakeTimeInMinutes=1440, alarms=ALARMS)
    service.at("BAKE_TIME")
    assert service.weights(service.production_rule) == (0, 100)
    put_alarm(world, "ALARM")
    assert assert_taken_back(service, old)["alarms"]["triggeredAlarmNames"] == ["staged"]


def test_an_alarm_without_rollback_stops_where_the_deployment_is(world: World) -> None:
    put_alarm(world, "OK")
    service = ready(world)
    deploy(service, bakeTimeInMinutes=1440, alarms={**ALARMS, "rollback": False})
    service.at("BAKE_TIME")
    put_alarm(world, "ALARM")
    assert service.ended()["status"] == "STOPPED"
    assert service.weights(service.production_rule) == (0, 100)


def test_a_paused_hook_can_be_rolled_back(world: World) -> None:
    service = ready(world)
    old = service.digests()
    deploy(service, pause_at("POST_SCALE_UP"))
    service.resume("ROLLBACK")
    assert "paused lifecycle hook" in assert_taken_back(service, old)["rollback"]["reason"]


def test_a_paused_hook_says_when_it_ends_and_rolls_back_then(world: World) -> None:
    service = ready(world)
    old = service.digests()
    deploy(service, pause_at("POST_SCALE_UP", timeoutInMinutes=50))
    hook = service.at("POST_SCALE_UP")["lifecycleHookDetails"][0]
    assert (hook["targetType"], hook["status"], hook["timeoutAction"]) == ("PAUSE", "AWAITING_ACTION", "ROLLBACK")
    left = hook["expiresAt"] - datetime.now(UTC)
    assert timedelta(seconds=50) < left < timedelta(seconds=61)  # 50 minutes at 50 times real time
    world.sandbox.control("POST", "clock", {"advance": 3000})
    assert "timed out" in assert_taken_back(service, old)["rollback"]["reason"]


def test_a_paused_hook_may_go_on_when_its_time_is_up(world: World) -> None:
    service = ready(world)
    deploy(service, pause_at("POST_SCALE_UP", timeoutInMinutes=50, action="CONTINUE"))
    service.at("POST_SCALE_UP")
    world.sandbox.control("POST", "clock", {"advance": 3000})
    assert service.ended()["status"] == "SUCCESSFUL"


def test_a_lambda_hook_answers_what_was_ordered(world: World) -> None:
    service = ready(world)
    ordered = {"function": FUNCTION, "answer": "IN_PROGRESS"}
    assert world.sandbox.control("POST", "hooks", ordered) == {"check": "IN_PROGRESS"}
    deploy(service, lambda_at("PRODUCTION_TRAFFIC_SHIFT"))
    deployment = service.at("PRODUCTION_TRAFFIC_SHIFT", production=10)
    hook = deployment["lifecycleHookDetails"][0]
    assert (hook["targetType"], hook["targetArn"], hook["status"]) == ("AWS_LAMBDA", FUNCTION, "IN_PROGRESS")
    world.sandbox.control("POST", "hooks", {"function": "check", "answer": "SUCCEEDED"})
    assert service.ended()["status"] == "SUCCESSFUL"
    assert world.sandbox.control("GET", "hooks") == {"check": "SUCCEEDED"}
    assert "must be one of" in world.sandbox.refused("POST", "hooks", {"function": "f", "answer": "MAYBE"})["error"]


@pytest.mark.parametrize("answer", ["FAILED", None])
def test_a_lambda_hook_that_fails_or_that_nobody_spoke_for_rolls_back(world: World, answer: str | None) -> None:
    service = ready(world)
    old = service.digests()
    function = f"{FUNCTION}-{answer}"
    if answer:
        world.sandbox.control("POST", "hooks", {"function": function, "answer": answer})
    deploy(service, {**lambda_at("PRE_SCALE_UP"), "hookTargetArn": function})
    assert "hook execution failure(s) detected" in assert_taken_back(service, old)["rollback"]["reason"]


def test_groups_that_the_rules_do_not_know_fail_the_deployment(world: World) -> None:
    service = ready(world)
    old = service.digests()
    listener = world.listener([{"Type": "forward", "TargetGroupArn": service.alternate}])
    deploy(service, pause_at("POST_SCALE_UP"))
    service.at("POST_SCALE_UP")
    only_blue = [
        {
            "Type": "forward",
            "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": service.target_group, "Weight": 100}]},
        }
    ]
    for rule in (service.production_rule, service.test_rule):
        world.elbv2.modify_rule(RuleArn=rule, Actions=only_blue)
    service.resume()
    ended = service.ended()
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert "is not associated with the service's listener rules" in ended["rollback"]["reason"]
    assert service.digests() == old
    world.elbv2.delete_listener(ListenerArn=listener)


def test_tasks_that_never_get_healthy_time_out_after_a_day_without_the_circuit_breaker(world: World) -> None:
    service = ready(world)
    old = service.digests()
    deploy(service, behaviour="crashes", deploymentCircuitBreaker={"enable": True, "rollback": True})
    eventually(lambda: service.describe()["deployments"][0]["failedTasks"] >= 4, why="more failures than the threshold")
    deployment = service.deployment()
    assert (deployment["status"], deployment["lifecycleStage"]) == ("IN_PROGRESS", "SCALE_UP")
    assert deployment["deploymentCircuitBreaker"]["status"] == "DISABLED"
    world.sandbox.control("POST", "clock", {"advance": 24 * 3600})
    assert "SCALE_UP timed out" in assert_taken_back(service, old)["rollback"]["reason"]


def test_a_first_deployment_that_fails_has_nothing_to_return_to(world: World) -> None:
    service = staged_service(world)
    unspoken = {**lambda_at("PRE_SCALE_UP"), "hookTargetArn": f"{FUNCTION}-unspoken"}
    ended = service.create_staged({"strategy": "BLUE_GREEN", "lifecycleHooks": [unspoken]})
    assert ended["status"] == "ROLLBACK_FAILED"
    assert "no completed deployment to roll back to" in ended["statusReason"]
    assert service.tasks() == []


def test_a_newer_deployment_supersedes_a_staged_one(world: World) -> None:
    service = ready(world)
    deploy(service, pause_at("POST_TEST_TRAFFIC_SHIFT"))
    superseded = service.at("POST_TEST_TRAFFIC_SHIFT")["serviceDeploymentArn"]
    image = service.deploy("healthy", "v3", deploymentConfiguration={**CANARY, "lifecycleHooks": []})
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.digests() == {image["digest"]}
    described = world.ecs.describe_service_deployments(serviceDeploymentArns=[superseded])["serviceDeployments"][0]
    assert described["status"] == "STOPPED"


def test_scaling_out_during_a_canary_reaches_both_revisions(world: World) -> None:
    service = ready(world)
    old = service.digests()
    image = deploy(service, pause_at("PRE_PRODUCTION_TRAFFIC_SHIFT"))
    service.resume()
    service.at("PRE_PRODUCTION_TRAFFIC_SHIFT", production=10)
    service.update(desiredCount=3)

    def digests() -> list[str]:
        return sorted(task["containers"][0].get("imageDigest", "") for task in service.tasks())

    both = sorted([*old, image["digest"]] * 3)
    eventually(lambda: digests() == both, why="both revisions at the new count")
    service.resume()
    assert service.ended()["status"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("configuration", "changed", "message"),
    [
        ({"strategy": "LINEAR"}, None, "advancedConfiguration field is required for all loadBalancers when using the"),
        ({"strategy": "BLUE_GREEN"}, {"alternateTargetGroupArn": ""}, "alternateTargetGroupArn is required"),
        (
            {"strategy": "BLUE_GREEN"},
            {"productionListenerRule": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/b/c"},
            "productionListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB",
        ),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1441}, {}, "bakeTimeInMinutes must be between 0 and 1440"),
        (
            {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.05}},
            {},
            "canaryPercent must be a multiple of 0.1 from 0.1 to 100.0",
        ),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.9}},
            {},
            "stepPercent must be a multiple of 0.1 from 3.0 to 100.0",
        ),
        (
            {"strategy": "BLUE_GREEN", "lifecycleHooks": [pause_at("TEST_TRAFFIC_SHIFT")]},
            {},
            "PAUSE hooks cannot be configured",
        ),
        ({"strategy": "ROLLING", "lifecycleHooks": [pause_at("PRE_SCALE_UP")]}, {}, "ROLLING deployment strategy"),
    ],
)
def test_what_ecs_would_refuse_is_refused(
    world: World, configuration: dict[str, Any], changed: dict[str, str] | None, message: str
) -> None:
    service = staged_service(world)
    balancers = service.load_balancers(**(changed or {}))
    if changed is None:
        balancers[0].pop("advancedConfiguration")
    with pytest.raises(ClientError, match=message):
        service.create_staged(configuration, loadBalancers=balancers)


def test_only_a_hook_that_waits_can_be_continued(world: World) -> None:
    service = ready(world)
    arn = service.deployment()["serviceDeploymentArn"]
    with pytest.raises(ClientError, match=r"InvalidParameterException.*not awaiting an action"):
        world.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId="none")
    with pytest.raises(ClientError, match="ServiceDeploymentNotFoundException"):
        world.ecs.continue_service_deployment(serviceDeploymentArn=f"{arn}0", hookId="none")
