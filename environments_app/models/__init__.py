"""What should exist: environments, their configuration and protection, and the runs that bring them about."""

from environments_app.models.environments import BlueprintFile, ConfigVersion, Environment, ProtectionVersion, Service
from environments_app.models.runs import Run, StateVersion
from environments_app.models.sources import SourceReading, TrustedSource

__all__ = [
    "BlueprintFile",
    "ConfigVersion",
    "Environment",
    "ProtectionVersion",
    "Run",
    "Service",
    "SourceReading",
    "StateVersion",
    "TrustedSource",
]
