"""Images: pushed to the registry with the behaviour of their containers, and pulled from it.

An image is a real ECR image whose manifest carries its behaviour as an annotation, so that the behaviour
travels with the digest: pulled by tag or by digest, or copied to another repository.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from moto.ecr.models import ecr_backends

from sandbox import ACCOUNT_ID
from sandbox.behaviours import Behaviour, parse_behaviour
from sandbox.moto_ext.ecr import digest_of

ANNOTATION = "dev.slipway.sandbox.behaviour"
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
_ECR_IMAGE = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)


class ImageNotFound(Exception):
    """The registry has no such image; the message is the one that ECS shows."""


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


def repository_of(image: str) -> str:
    """`123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/api:v1` -> `shop/api`; of other registries all but the tag."""
    match = _ECR_IMAGE.match(image)
    if match is not None:
        return match["repository"]
    name, _, tag = image.partition("@")[0].rpartition(":")
    return image.partition("@")[0] if not name or "/" in tag else name


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
