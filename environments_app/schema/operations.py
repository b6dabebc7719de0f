"""Running it: budget, schedules, backups, recovery targets, change windows, evidence."""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints

from environments_app.schema.base import DailyWindow, Name, Region, Section, wrong

_ZONES = frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _ZONES:
        raise wrong(f"{value!r} is not a time zone", "a name such as UTC or America/Sao_Paulo")
    return value


TimeZone = Annotated[str, AfterValidator(_zone)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Budget(Section):
    """A monthly budget with notices."""

    monthly_usd: Annotated[float, Field(gt=0)] = Field(description="Budget of a month, in US dollars")
    alert_percents: tuple[Annotated[float, Field(gt=0, le=1000)], ...] = Field(
        default=(80, 100), description="Shares of the budget at which people are told, in percent"
    )
    expected_low_usd: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="The document's estimate of a month, its lower end, in US dollars"
    )
    expected_high_usd: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="The document's estimate of a month, its upper end, in US dollars"
    )


class Schedule(Section):
    """Scale down when nobody works. Carried out by scheduled actions, so it works while Slipway is down."""

    timezone: TimeZone = Field(default="UTC", description="Zone of the times below")
    workdays: tuple[Day, ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"),
        min_length=1,
        description="Days that are worked on; a day whose stop is not after its start ends on the next one",
    )
    start: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        description="Scale up at, hh:mm"
    )
    stop: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        description="Scale down at, hh:mm"
    )
    off_hours_count: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0, description="Tasks per service outside of it; a service that may be as small already is left alone"
    )


class Backup(Section):
    """Copies beside the database's own daily backups."""

    snapshot_before_release: bool = Field(default=False, description="Manual database snapshot before a release")
    weekly_export: bool = Field(default=False, description="Weekly full export of the database to export_bucket")
    export_bucket: Name = Field(default="backups", description="Bucket of the section buckets that exports go to")
    copy_region: Region | None = Field(default=None, description="Region that snapshots are copied to; null: none")
    force_destroy: bool = Field(
        default=False, description="Whether a destroy deletes these copies too; false: it ends at them"
    )
    drill: Literal["none", "monthly", "quarterly"] = Field(
        default="none", description="How often a restore is rehearsed"
    )


class RecoveryTarget(Section):
    """What was promised for one scenario."""

    time_minutes: Annotated[int, Field(ge=1)] = Field(description="Recovery time objective (RTO), in minutes")
    point_minutes: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Recovery point objective (RPO), in minutes; null: not said"
    )


class Recovery(Section):
    """Recovery targets by scenario."""

    database: RecoveryTarget | None = Field(default=None, description="The database is lost")
    application: RecoveryTarget | None = Field(default=None, description="A release or its tasks fail")
    region: RecoveryTarget | None = Field(default=None, description="The region is lost")


class ChangeWindow(Section):
    """When a kind of change may happen."""

    change: Literal["release", "infrastructure"] = Field(description="Kind of change")
    days: tuple[Day, ...] = Field(min_length=1, description="Days")
    hours: DailyWindow = Field(description="Hours, hh:mm-hh:mm")
    timezone: TimeZone = Field(default="UTC", description="Zone of the hours; daylight saving is honoured")
