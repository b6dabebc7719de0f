"""What a configuration may ask for and this version does not do yet, with what that means for its owner."""

from collections.abc import Callable
from dataclasses import dataclass

from environments_app.schema.config import EnvironmentConfig


@dataclass(frozen=True)
class Gap:
    """A setting that is kept, but not carried out.

    asked: whether a configuration asks for it; means: how things are without it, a sentence.
    """

    path: str
    asked: Callable[[EnvironmentConfig], bool]
    means: str


UNHEARD = ("slack", "pagerduty")
"""Channels of alert routes to which nothing is sent."""
ALL = [
    Gap(
        "services.*.deployment.strategy",
        lambda c: any(service.deployment.strategy != "rolling" for service in c.services.values()),
        "Releases are rolled out as rolling updates only; one of these services is refused, with words that say so.",
    ),
    Gap(
        "services.*.deployment.watch_hours",
        lambda c: any(service.deployment.watch_hours for service in c.services.values()),
        "Nobody watches a release after it has succeeded.",
    ),
    Gap(
        "services.*.migration",
        lambda c: any(service.migration for service in c.services.values()),
        "A release does not migrate the database: run the migration yourself before.",
    ),
    Gap(
        "backup.snapshot_before_release",
        lambda c: c.backup.snapshot_before_release,
        "No snapshot is taken before a release.",
    ),
    Gap("backup.drill", lambda c: c.backup.drill != "none", "Nobody rehearses a restore by itself."),
    Gap("recovery", lambda c: c.recovery is not None, "Nobody measures whether these targets would be met."),
    Gap("change_windows", lambda c: bool(c.change_windows), "Changes begin at any time, outside of the windows too."),
    Gap(
        "alert_routes.*.channel",
        lambda c: any(route.channel in UNHEARD for route in c.alert_routes),
        "Alerts go by e-mail and SMS only, which AWS sends itself; Slack and PagerDuty hear nothing.",
    ),
]


def unprovisioned(config: EnvironmentConfig) -> list[Gap]:
    """What the configuration asks for and this version does not do."""
    return [gap for gap in ALL if gap.asked(config)]
