"""What pages say of the configuration that is applied, and of a newer one that is not."""

from collections.abc import Sequence
from dataclasses import dataclass

from environments_app import selectors
from environments_app.models import ConfigVersion, Environment
from environments_app.schema import EnvironmentConfig


def applied_version(environment: Environment) -> ConfigVersion | None:
    """The configuration of the last apply that came to its end; None before the first, and after a destroy."""
    last = selectors.last_applied(environment)
    return last.config_version if last else None


def unapplied_number(environment: Environment) -> int | None:
    """The number of the newest configuration where an older one is applied."""
    applied, newest = applied_version(environment), environment.config_version
    return newest.number if applied and applied.number < newest.number else None


@dataclass(frozen=True)
class Fact:
    """One setting of a service as it is applied, and what a newer configuration says where it differs ("")."""

    applied: str
    newer: str = ""


@dataclass(frozen=True)
class ServiceRow:
    """A service as the environment's page shows it. note: "added" or "gone" in the newer one."""

    name: str
    size: Fact
    tasks: Fact
    strategy: Fact
    note: str = ""


def service_rows(applied: ConfigVersion | None, newest: ConfigVersion) -> Sequence[ServiceRow]:
    """The services with the applied configuration's numbers; before the first apply, with the newest's."""
    shown = applied or newest
    facts, newer = _facts(shown.config), _facts(newest.config)
    rows = []
    for name in [*facts, *(name for name in newer if name not in facts)]:
        here = facts[name] if name in facts else newer[name]
        there = newer.get(name, here)
        size, tasks, strategy = (Fact(old, new if new != old else "") for old, new in zip(here, there, strict=True))
        note = "" if name in facts and name in newer else "added" if name in newer else "gone"
        rows.append(ServiceRow(name, size, tasks, strategy, note))
    return rows


def _facts(config: EnvironmentConfig) -> dict[str, tuple[str, str, str]]:
    """By service: size of a task, tasks, strategy."""
    return {
        name: (
            f"{service.cpu_units} CPU units, {service.memory_mib} MiB",
            f"{service.min_count} – {service.max_count}",
            service.deployment.strategy,
        )
        for name, service in config.services.items()
    }
