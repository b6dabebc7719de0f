"""Which system a live topic belongs to, so that a socket can check the role."""

from uuid import UUID

from controlplane.core.models import System
from deployments_app.models import Deployment, Release
from environments_app.models import Environment, Run

OPEN_TOPICS = frozenset({"fleet", "inbox"})
"""Doorbells without content: whoever is signed in may hear them; the page shows only what its reader may see."""


def system_of(topic: str) -> tuple[bool, System | None]:
    """(whether the topic exists, the system whose members may hear it or None for all who are signed in)."""
    if topic in OPEN_TOPICS:
        return True, None
    kind, _, identifier = topic.partition(":")
    try:
        key = UUID(identifier)
    except ValueError:
        return False, None
    found: System | None = None
    if kind == "run":
        run = Run.objects.select_related("environment__system").filter(pk=key).first()
        found = run.environment.system if run else None
    elif kind == "environment":
        environment = Environment.objects.select_related("system").filter(pk=key).first()
        found = environment.system if environment else None
    elif kind == "deployment":
        deployment = Deployment.objects.select_related("environment__system").filter(pk=key).first()
        found = deployment.environment.system if deployment else None
    elif kind == "release":
        release = Release.objects.select_related("system").filter(pk=key).first()
        found = release.system if release else None
    return found is not None, found
