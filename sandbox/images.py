"""Images and how their containers behave.

An image is a real ECR image whose manifest carries its behaviour as an annotation, so that the behaviour
travels with the digest: pulled by tag or by digest, or copied to another repository.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from moto.ecr.models import ecr_backends

from sandbox import ACCOUNT_ID
from sandbox.moto_ext.ecr import digest_of

ANNOTATION = "dev.slipway.sandbox.behaviour"
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
_ECR_IMAGE = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)


class BehaviourUnknown(ValueError):
    """No such behaviour; the message lists those that exist."""


class ImageNotFound(Exception):
    """The registry has no such image; the message is the one that ECS shows."""


@dataclass(frozen=True)
class Behaviour:
    """What a container of an image does.

    `exits_with`: ends by itself, at once, before it ever serves. `ready_after_seconds`: until then every
    request is refused with 503. `health_status`: the answer on any path that is checked for health.
    `error_share`: of the other requests, answered with 500. `hangs`: takes requests and never answers.
    `job_exit_code`: how a one-off command (RunTask with a command) ends; None: never.
    """

    exits_with: int | None = None
    ready_after_seconds: float = 0.0
    health_status: int = 200
    error_share: float = 0.0
    hangs: bool = False
    job_exit_code: int | None = 0


@dataclass(frozen=True)
class _Kind:
    meaning: str
    make: Callable[[str], Behaviour]
    takes: str = ""


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError
    return share


def _exit_code(text: str) -> int:
    code = int(text)
    if not 0 <= code <= 255:
        raise ValueError
    return code


BEHAVIOURS: dict[str, _Kind] = {
    "healthy": _Kind("serves; a one-off command exits 0", lambda _: Behaviour()),
    "crashes": _Kind("exits with code 1 at start", lambda _: Behaviour(exits_with=1, job_exit_code=1)),
    "unhealthy": _Kind("answers 503 to every health check", lambda _: Behaviour(health_status=503)),
    "slow-start": _Kind(
        "answers 503 until SECONDS after its start",
        lambda value: Behaviour(ready_after_seconds=float(value)),
        "SECONDS",
    ),
    "errors": _Kind(
        "healthy, but answers 500 to SHARE (0-1) of the requests",
        lambda value: Behaviour(error_share=_share(value)),
        "SHARE",
    ),
    "exit": _Kind(
        "exits with CODE after a moment, for RunTask",
        lambda value: Behaviour(exits_with=_exit_code(value), job_exit_code=_exit_code(value)),
        "CODE",
    ),
    "job-exit": _Kind(
        "serves; a one-off command exits with CODE",
        lambda value: Behaviour(job_exit_code=_exit_code(value)),
        "CODE",
    ),
    "hang": _Kind("never answers; a one-off command never ends", lambda _: Behaviour(hangs=True, job_exit_code=None)),
}


def parse_behaviour(text: str) -> Behaviour:
    """`slow-start:20` -> a Behaviour. Raises BehaviourUnknown, listing what exists."""
    name, _, value = text.partition(":")
    kind = BEHAVIOURS.get(name)
    try:
        if kind is None or bool(kind.takes) != bool(value):
            raise ValueError
        return kind.make(value)
    except ValueError:
        known = "; ".join(
            f"{name}{':' + kind.takes if kind.takes else ''} ({kind.meaning})" for name, kind in BEHAVIOURS.items()
        )
        raise BehaviourUnknown(f"unknown behaviour {text!r}. Known behaviours: {known}") from None


def manifest_for(repository: str, behaviour: str, tag: str) -> str:
    """A real OCI manifest, the same text (so the same digest) for the same repository, behaviour and tag."""
    layer = sha256(f"{repository}:{tag}:{behaviour}".encode()).hexdigest()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MEDIA_TYPE,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": "sha256:" + sha256(layer.encode()).hexdigest(),
            "size": 7_023,
        },
        "layers": [
            {
                "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                "digest": f"sha256:{layer}",
                "size": 48_233_472,
            }
        ],
        "annotations": {ANNOTATION: behaviour, "org.opencontainers.image.version": tag},
    }
    return json.dumps(manifest, sort_keys=True)


def push_image(repository: str, behaviour: str, tag: str | None, region: str) -> dict[str, str]:
    """Build and push; returns `image` (with its tag) and `digest`. Without a tag, the behaviour names it."""
    parse_behaviour(behaviour)
    tag = tag or re.sub(r"[^A-Za-z0-9_.-]", "-", behaviour)
    manifest = manifest_for(repository, behaviour, tag)
    ecr_backends[ACCOUNT_ID][region].push(repository, tag, manifest)
    return {
        "image": f"{ACCOUNT_ID}.dkr.ecr.{region}.amazonaws.com/{repository}:{tag}",
        "digest": digest_of(manifest),
    }


@dataclass(frozen=True)
class PulledImage:
    digest: str
    behaviour: Behaviour


def pull_image(image: str) -> PulledImage:
    """What a container agent gets for `repository:tag` or `repository@sha256:...`.

    ECR images must exist (else ImageNotFound). Images of other registries are taken for healthy ones.
    """
    match = _ECR_IMAGE.match(image)
    if match is None:
        return PulledImage("sha256:" + sha256(image.encode()).hexdigest(), Behaviour())
    backend: Any = ecr_backends[match["account"]][match["region"]]
    found = backend.find_image(match["repository"], tag=match["tag"] or "latest", digest=match["digest"])
    if found is None:
        reference = image.split("/", 1)[1]
        raise ImageNotFound(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
            f"{image}: {reference}: not found"
        )
    annotations = json.loads(found.image_manifest).get("annotations", {})
    return PulledImage(found.get_image_digest(), parse_behaviour(annotations.get(ANNOTATION, "healthy")))
