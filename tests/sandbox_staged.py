"""A service whose traffic ECS moves: two target groups behind a production rule and a test rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.sandbox_fixture import eventually
from tests.sandbox_world import ServiceUnderTest, World

ROLE = "arn:aws:iam::123456789012:role/ecs-load-balancers"


@dataclass
class StagedService(ServiceUnderTest):
    """`target_group` is the first group, `alternate` the second; the rules are those of listeners of their own."""

    alternate: str = ""
    production_rule: str = ""
    test_rule: str = ""
    production_listener: str = ""
    test_listener: str = ""

    def load_balancers(self, **changed: Any) -> list[dict[str, Any]]:
        return [
            {
                "targetGroupArn": self.target_group,
                "containerName": "app",
                "containerPort": 8080,
                "advancedConfiguration": {
                    "alternateTargetGroupArn": self.alternate,
                    "productionListenerRule": self.production_rule,
                    "testListenerRule": self.test_rule,
                    "roleArn": ROLE,
                    **changed,
                },
            }
        ]

    def create_staged(self, configuration: dict[str, Any], *, desired: int = 2, **given: Any) -> dict[str, Any]:
        return self.create(
            desired=desired,
            deploymentConfiguration=configuration,
            **{"loadBalancers": self.load_balancers(), **given},
        )

    def weights(self, rule: str) -> tuple[int, int]:
        """Of the first group and of the alternate one, as DescribeRules says."""
        action = self.world.elbv2.describe_rules(RuleArns=[rule])["Rules"][0]["Actions"][0]
        weights = {each["TargetGroupArn"]: each["Weight"] for each in action["ForwardConfig"]["TargetGroups"]}
        return weights[str(self.target_group)], weights[self.alternate]

    def at(self, stage: str, *, production: float | None = None) -> dict[str, Any]:
        """The deployment once it is in this stage (and has shifted so much)."""

        def look() -> dict[str, Any] | None:
            deployment = self.deployment()
            target = deployment["targetServiceRevision"]
            there = deployment.get("lifecycleStage") == stage and (
                production is None or target["requestedProductionTrafficWeight"] == production
            )
            return deployment if there else None

        found = eventually(look, seconds=60, why=f"{stage} of {self.name}")
        assert found is not None
        return found

    def resume(self, action: str = "CONTINUE") -> None:
        """Answer the PAUSE hook that the deployment waits at."""

        def look() -> dict[str, Any] | None:
            hooks = self.deployment().get("lifecycleHookDetails", [])
            return next((hook for hook in hooks if hook["status"] == "AWAITING_ACTION"), None)

        hook = eventually(look, why=f"a paused hook of {self.name}")
        assert hook is not None
        self.world.ecs.continue_service_deployment(
            serviceDeploymentArn=self.deployment()["serviceDeploymentArn"], hookId=hook["hookId"], action=action
        )


def staged_service(world: World) -> StagedService:
    plain = world.service(balanced=False)
    groups = [
        world.elbv2.create_target_group(
            Name=f"{plain.name}-{colour}", Protocol="HTTP", Port=8080, VpcId=world.vpc, TargetType="ip",
            HealthCheckPath="/up", HealthCheckIntervalSeconds=10,
        )["TargetGroups"][0]["TargetGroupArn"]
        for colour in ("blue", "green")
    ]  # fmt: skip
    for group in groups:
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "20"}
        world.elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
    forward = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": groups[0], "Weight": 100},
                {"TargetGroupArn": groups[1], "Weight": 0},
            ]
        },
    }
    listeners, rules = [], []
    for _ in ("production", "test"):
        nothing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        listeners.append(world.listener([nothing]))
        every_path = {"Field": "path-pattern", "Values": ["/*"]}
        created = world.elbv2.create_rule(
            ListenerArn=listeners[-1], Priority=1, Conditions=[every_path], Actions=[forward]
        )
        rules.append(created["Rules"][0]["RuleArn"])
    return StagedService(
        plain.world,
        plain.name,
        plain.repository,
        groups[0],
        alternate=groups[1],
        production_rule=rules[0],
        test_rule=rules[1],
        production_listener=listeners[0],
        test_listener=listeners[1],
    )


def pause_at(*stages: str, **timeout: Any) -> dict[str, Any]:
    """A PAUSE hook for lifecycleHooks."""
    hook: dict[str, Any] = {"targetType": "PAUSE", "lifecycleStages": list(stages)}
    return hook | ({"timeoutConfiguration": timeout} if timeout else {})
