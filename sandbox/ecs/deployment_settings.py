"""What CreateService and UpdateService accept of a deployment configuration, and how it is read back.

Ranges, defaults and requirements are botocore's ECS model and the messages of the ECS developer guide's page on
troubleshooting blue/green deployments, or those of the issue on GitHub that stands beside it; elsewhere the words are
inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.ecs.hooks import problem_with
from sandbox.ecs.strategies import STAGED

STRATEGIES = ("ROLLING", *STAGED)
DEFAULTS: dict[str, Any] = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}
_MOST_MINUTES = 1440
_OF_STRATEGY = {
    "LINEAR": ("linearConfiguration", {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}),
    "CANARY": ("canaryConfiguration", {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}),
}


def merged(former: Mapping[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """`former` as changed by `given`, with the strategy's defaults, without what belongs to another strategy."""
    answer = {**former, **{key: value for key, value in (given or {}).items() if value is not None}}
    strategy = answer["strategy"]
    for name, (field, defaults) in _OF_STRATEGY.items():
        if name == strategy:
            answer[field] = defaults | (answer.get(field) or {})
        else:
            answer.pop(field, None)
    if strategy == "ROLLING":
        answer.pop("lifecycleHooks", None)
    return answer


def problem(given: Mapping[str, Any], configuration: Mapping[str, Any], settings: Mapping[str, Any]) -> str | None:
    """Why ECS would refuse; None where it would not.

    `given`: the request; `configuration` and `settings`: what the service would have after it.
    """
    strategy = configuration["strategy"]
    if strategy not in STRATEGIES:
        return f"deploymentConfiguration.strategy must be one of {', '.join(STRATEGIES)}."
    asked = given.get("deploymentConfiguration") or {}
    if strategy == "ROLLING":
        if configuration["minimumHealthyPercent"] == configuration["maximumPercent"] == 100:
            # hashicorp/terraform-provider-aws#6316, where one of the two was the default
            return "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."
        return "lifecycleHooks cannot be used with the ROLLING deployment strategy." if _hooks(asked) else None
    return (
        _problem_with_times(strategy, configuration)
        or problem_with(_hooks(configuration))
        or _problem_with_load_balancers(strategy, settings)
    )


def _hooks(configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    return configuration.get("lifecycleHooks") or []


def _problem_with_times(strategy: str, configuration: Mapping[str, Any]) -> str | None:
    if not 0 <= (configuration.get("bakeTimeInMinutes") or 0) <= _MOST_MINUTES:
        return f"bakeTimeInMinutes must be between 0 and {_MOST_MINUTES}."
    if strategy not in _OF_STRATEGY:
        return None
    field, _ = _OF_STRATEGY[strategy]
    chosen = configuration[field]
    percent, minutes, least = (
        ("stepPercent", "stepBakeTimeInMinutes", 3.0)
        if strategy == "LINEAR"
        else ("canaryPercent", "canaryBakeTimeInMinutes", 0.1)
    )
    value = float(chosen[percent])
    if not least <= value <= 100 or abs(value * 10 - round(value * 10)) > 1e-6:
        return f"{percent} must be a multiple of 0.1 from {least} to 100.0."
    if not 0 <= chosen[minutes] <= _MOST_MINUTES:
        return f"{minutes} must be between 0 and {_MOST_MINUTES}."
    return None


def _problem_with_load_balancers(strategy: str, settings: Mapping[str, Any]) -> str | None:
    balancers = settings.get("loadBalancers") or []
    if not balancers and strategy != "BLUE_GREEN" and not settings.get("serviceConnectConfiguration"):
        return f"A load balancer or Service Connect is required when using the {strategy.lower()} deployment strategy."
    for each in balancers:
        advanced = each.get("advancedConfiguration")
        if not advanced:
            name = strategy.lower().replace("_", "/")
            return (
                "advancedConfiguration field is required for all loadBalancers when using the "
                f"{name} deployment strategy"
            )
        for field in ("alternateTargetGroupArn", "productionListenerRule", "roleArn"):
            if not advanced.get(field):
                return f"{field} is required in advancedConfiguration."
        for field in ("productionListenerRule", "testListenerRule"):
            if ":listener/app/" in (advanced.get(field) or ""):
                return (
                    f"{field} has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. "
                    f"Got: {advanced[field]}"
                )
    return None
