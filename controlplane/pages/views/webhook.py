"""Ready-made, signed deliveries for the sandbox: what a newcomer pastes into a shell to play CI."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from controlplane.core.models import System
from controlplane.core.policies import Capability
from controlplane.core.views import require
from controlplane.lib import clock
from controlplane.pages import demo
from deployments_app import selectors
from environments_app.views.lookup import environment_or_404

BEHAVIOURS = {
    "healthy": "A release that works",
    "unhealthy": "A release that fails its health check",
    "crashes": "A release that crashes at its start",
}

_WILDCARDS = re.compile(r"[*?]")


@dataclass(frozen=True)
class Line:
    """One command, and what its image does."""

    title: str
    behaviour: str
    command: str


@require_GET
def commands(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """A part of the environment's page, loaded by itself: it asks the sandbox, which may be slow or away.

    The commands carry the system's secret, so they exist only where the sandbox is the AWS.
    """
    found = environment_or_404(request, system, environment)
    require(request, found.system, Capability.PLAN)
    if not settings.SLIPWAY_IN_SANDBOX:
        raise Http404
    secret = demo.read().webhook_secrets.get(found.system.slug)
    if secret is None:
        problem = "The demo has no secret to sign with for this system. Run python manage.py load_demo: it makes one."
        return render(request, "environments/_webhook.html", {"problem": problem})
    url = request.build_absolute_uri(f"/api/v1/webhooks/ci/{found.system.slug}")
    try:
        images = demo.images(found.system, list(found.config_version.config.services))
    except OSError as error:
        context = {"problem": f"The sandbox does not answer: {error}. Is it running?"}
        return render(request, "environments/_webhook.html", context)
    now, lines = int(clock.now().timestamp()), list[Line]()
    branch = branch_of(found.protection.rules.branches)
    for number, image in enumerate(images):
        lines.append(_line(found.system, url, secret, image, now + number, branch))
    return render(request, "environments/_webhook.html", {"lines": lines, "system": found.system})


def branch_of(globs: Sequence[str]) -> str:
    """A branch that an environment lets in: the first of its globs, its wildcards filled; main where any may come."""
    return _WILDCARDS.sub("1", globs[0]) if globs else "main"


def _line(system: System, url: str, secret: str, image: dict[str, str], number: int, branch: str) -> Line:
    """The delivery of one image. `number` orders the releases, so that a later line is a newer release."""
    repository, _, tag = image["image"].rpartition(":")
    service = repository.rpartition("/")[2]
    commit = hashlib.sha1(f"{image['digest']}{number}".encode(), usedforsecurity=False).hexdigest()
    facts = {"branch": branch, "commit": commit, "version": tag, "sequence": number}
    body = selectors.webhook_body(system, service, image["image"], image["digest"], **facts)
    title = f"{BEHAVIOURS.get(image['behaviour'], image['behaviour'])}: {service} {tag}"
    return Line(title, image["behaviour"], selectors.curl_line(url, secret, str(uuid4()), body))
