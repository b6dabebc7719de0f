"""Making releases out of what CI says, and asking every environment's policy about them."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction

from controlplane.core.actors import Actor
from controlplane.core.models import System
from controlplane.core.services import audit
from controlplane.lib import clock, live, queue
from controlplane.lib.errors import Refusal
from deployments_app import policies
from deployments_app.models import Deployment, Release, ReleaseImage
from deployments_app.services import deployments, targets
from deployments_app.states import DEPLOYMENT
from deployments_app.webhooks import LONGEST_VERSION, Image, ReleaseNotice, name_containers
from environments_app.models import Environment, Service

QUEUE = "default"
DISPATCH_JOB = "deployments_app.jobs.dispatch_release"
LABEL_LENGTH = 12


def digest_key(digests: Mapping[str, str]) -> str:
    """What makes two releases the same one: SHA-256 over their containers' digests."""
    return hashlib.sha256(json.dumps(dict(digests), sort_keys=True).encode()).hexdigest()


def containers_of(service: Service) -> dict[str, bool]:
    """The service's containers over all environments, and whether requests are routed to them."""
    containers: dict[str, bool] = {}
    for environment in Environment.objects.filter(system_id=service.system_id):
        settings = environment.config_version.config.services.get(service.slug)
        for name in settings.containers if settings else ():
            routed = settings is not None and settings.routing is not None and settings.routing.container == name
            containers[name] = containers.get(name, False) or routed
    return containers


@transaction.atomic
def create_release(actor: Actor, system: System, notice: ReleaseNotice) -> tuple[Release, bool] | Refusal:
    """The release of these digests, and whether it is new. A new one is then offered to every environment."""
    service = Service.objects.filter(system=system, slug=notice.service).first()
    if service is None:
        names = list(Service.objects.filter(system=system).values_list("slug", flat=True))
        message = f"{system.slug} has no service {notice.service!r}; it has: {', '.join(names) or 'none'}."
        return Refusal("UNKNOWN_SERVICE", message, 404, {"services": names})
    images = name_containers(notice.images, containers_of(service))
    if isinstance(images, Refusal):
        return images
    release, created = Release.objects.get_or_create(
        service=service,
        digest_key=digest_key({container: image.digest for container, image in images.items()}),
        defaults={
            "system": system,
            "version": (notice.version or _label(images.values(), notice.commit))[:LONGEST_VERSION],
            "commit": notice.commit,
            "branch": notice.branch,
            "run_url": notice.run_url,
            "author": notice.author,
            "sequence": notice.sequence,
            "committed_at": notice.committed_at,
            "evidence": dict(notice.evidence),
        },
    )
    if created:
        ReleaseImage.objects.bulk_create(
            ReleaseImage(
                release=release, container=name, repository=image.repository, tag=image.tag, digest=image.digest
            )
            for name, image in images.items()
        )
        audit.record(
            actor,
            "release.created",
            subject=("release", release.pk),
            system=system,
            after={"service": service.slug, "version": release.version, "commit": release.commit},
        )
        live.ring_on_commit("fleet", "release")
        queue.enqueue_on_commit(QUEUE, DISPATCH_JOB, str(release.pk))
    return release, created


def _label(images: Iterable[Image], commit: str) -> str:
    """A name for people where CI gives none: the tag that all images share, else the commit."""
    tags = {image.tag for image in images}
    return tags.pop() if len(tags) == 1 and "" not in tags else commit[:LABEL_LENGTH]


def dispatch(release_id: UUID) -> None:
    """Asks every environment's policy whether the new release is deployed by itself. Repeatable."""
    release = Release.objects.select_related("system", "service").filter(pk=release_id).first()
    if release is None or release.dispatched_at is not None:
        return
    for environment in Environment.objects.filter(system=release.system).select_related("system"):
        if environment.slug not in release.decisions:
            _decide(release, environment)
    Release.objects.filter(pk=release.pk).update(dispatched_at=clock.now())
    live.ring(f"release:{release.pk}", "dispatched")


@transaction.atomic
def _decide(release: Release, environment: Environment) -> None:
    """One environment's answer, stored with its reason in the transaction that starts the deployment."""
    # Deliveries that come together are decided about one after the other: each sees what the one before it asked for.
    targets.hold(environment)
    locked = Release.objects.select_for_update().get(pk=release.pk)
    if environment.slug in locked.decisions or release.service.slug not in environment.config_version.config.services:
        return
    here = Deployment.objects.filter(environment=environment, service=release.service)
    rivals = here.filter(state__in=DEPLOYMENT.active) | here.standing()
    newest = rivals.select_related("release").first()
    decision = policies.may_auto_deploy(
        environment.protection.rules,
        policies.order_of(release),
        policies.order_of(newest.release) if newest else None,
        rolled_back_by=newest.requester_name if newest and newest.kind == "rollback" else "",
    )
    answer = {"deploys": decision.allowed, "reason": decision.reason}
    if decision.allowed:
        actor = Actor.slipway("controller")
        outcome = deployments.request_deployment(actor, environment, release, automatic=True)
        if isinstance(outcome, Refusal):
            answer = {"deploys": False, "reason": outcome.message}
        else:
            answer["deployment"] = str(outcome.pk)
    release.decisions = {**locked.decisions, environment.slug: answer}
    Release.objects.filter(pk=release.pk).update(decisions=release.decisions)
    live.ring_on_commit(f"release:{release.pk}", "decided")
