"""What is seen: logs, alarms, dashboards, tracing, the audit trail, and whom alarms reach."""

from typing import Annotated, Literal

from pydantic import Field

from environments_app.schema.base import Days, LogDays, Name, Section, WebAddress

Severity = Literal["info", "warning", "critical", "emergency"]


class Logs(Section):
    """CloudWatch log groups of the services."""

    retention_days: LogDays = Field(
        default=30, description="How long service logs are kept, in days (CloudWatch's own steps)"
    )
    encrypted: bool = Field(default=False, description="Whether they are encrypted with a KMS key of our own")


AlarmMetric = Literal[
    "service_cpu_percent",
    "service_memory_percent",
    "service_unhealthy_tasks",
    "error_rate_percent",
    "error_count",
    "client_error_count",
    "response_time_seconds",
    "healthy_targets",
    "database_cpu_percent",
    "database_connections_percent",
    "database_free_storage_percent",
    "database_free_memory_percent",
    "cache_cpu_percent",
    "cache_memory_percent",
    "nat_bytes_out",
    "waf_blocked_requests",
    "cdn_hit_ratio_percent",
    "cdn_error_rate_percent",
    "custom",
]


class CustomMetric(Section):
    """A metric that the application publishes itself."""

    namespace: str = Field(description="CloudWatch namespace")
    name: str = Field(description="Metric name")
    statistic: Literal["Average", "Sum", "Minimum", "Maximum", "SampleCount", "p50", "p90", "p95", "p99"] = Field(
        default="Average", description="Statistic"
    )
    dimensions: dict[str, str] = Field(default_factory=dict, description="Dimensions")


class Alarm(Section):
    """One CloudWatch alarm. Percentages of connections and storage are derived from class and size."""

    metric: AlarmMetric = Field(description="What is watched; the unit is in its name")
    service: Name | None = Field(default=None, description="Service it is about; null: the whole environment")
    comparison: Literal["above", "below"] = Field(
        default="above", description="On which side of the threshold it rings"
    )
    threshold: Annotated[float, Field(ge=0)] = Field(description="Threshold, in the metric's unit")
    period_seconds: Literal[60, 120, 300, 600, 900, 3600] = Field(
        default=300, description="Length of a period, in seconds"
    )
    evaluation_periods: Annotated[int, Field(ge=1, le=24)] = Field(
        default=1, description="Periods that are looked at: the last ones"
    )
    datapoints_to_alarm: Annotated[int, Field(ge=1, le=24)] | None = Field(
        default=None, description="How many of those must cross it; null: all of them, in a row"
    )
    missing_data: Literal["notBreaching", "breaching", "ignore", "missing"] = Field(
        default="notBreaching", description="What a period without data counts as (CloudWatch's own words)"
    )
    severity: Severity = Field(default="warning", description="Which alert routes it takes")
    custom: CustomMetric | None = Field(default=None, description="The metric, where metric is `custom`")
    description: str = Field(default="", description="What it means and what to do, for people")


class Dashboard(Section):
    """CloudWatch dashboards."""

    boards: tuple[Literal["operations", "business", "security", "cost"], ...] = Field(
        default=("operations",), description="Which dashboards are made"
    )


class Tracing(Section):
    """X-Ray."""

    sampling_percent: Annotated[float, Field(gt=0, le=100)] = Field(
        default=10, description="Share of requests traced, in percent"
    )
    reservoir_per_second: Annotated[int, Field(ge=0, le=100)] = Field(
        default=1, description="Requests per second that are always traced"
    )


class AuditTrail(Section):
    """CloudTrail into a bucket of its own."""

    retention_days: Days = Field(default=365, description="How long events are kept, in days")
    glacier_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=90, description="Move to GLACIER after so many days"
    )
    multi_region: bool = Field(default=True, description="Whether all regions are recorded")
    force_destroy: bool = Field(
        default=False, description="Whether a destroy deletes the recorded events too; false: it ends at them"
    )


class AlertRoute(Section):
    """Where alerts of a severity go. Addresses and keys of channels are secrets' names, not values."""

    severity: Severity = Field(description="Severity that takes this route")
    channel: Literal["email", "sms", "slack", "pagerduty"] = Field(description="Channel")
    target: str = Field(description="E-mail address, phone number, or the name of the integration in Slipway")


class ObservabilityLinks(Section):
    """Tools that run elsewhere, shown as links."""

    grafana: WebAddress | None = Field(default=None, description="URL of Grafana")
    prometheus: WebAddress | None = Field(default=None, description="URL of Prometheus")
    kibana: WebAddress | None = Field(default=None, description="URL of Kibana")
