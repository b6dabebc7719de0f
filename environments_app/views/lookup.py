"""Environments and runs by what their addresses say, for those who have a role in their system."""

from uuid import UUID

from django.http import Http404, HttpRequest

from controlplane.core.views import role_or_404
from environments_app.models import Environment, Run


def environment_or_404(request: HttpRequest, system: str, environment: str) -> Environment:
    """The environment by its names, if the user has a role in its system."""
    found = Environment.objects.select_related("system").filter(system__slug=system, slug=environment).first()
    if found is None:
        raise Http404
    role_or_404(request, found.system)
    return found


def run_or_404(request: HttpRequest, run_id: UUID) -> Run:
    """The run, if the user has a role in its system."""
    found = Run.objects.select_related("environment__system", "config_version", "requester").filter(pk=run_id).first()
    if found is None:
        raise Http404
    role_or_404(request, found.environment.system)
    return found
