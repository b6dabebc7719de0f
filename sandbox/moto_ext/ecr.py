"""ECR: an image's digest is the SHA-256 of its manifest, so that a copied manifest keeps its digest.

Images pushed before their repository exists are remembered and appear with it, like a CI that tries again.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from moto.ecr import models

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend


def digest_of(manifest: str) -> str:
    return "sha256:" + sha256(manifest.encode()).hexdigest()


class ECRBackend(ExtendedBackend, models.ECRBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.remembered: dict[str, dict[str, str]] = {}  # repository -> tag -> manifest

    def push(self, repository: str, tag: str, manifest: str) -> None:
        """Put the image now, or as soon as its repository is created. Pushing the same image again is fine."""
        self.remembered.setdefault(repository, {})[tag] = manifest
        if repository in self.repositories:
            self._put_remembered(repository)

    def create_repository(self, repository_name: str, *args: Any, **kwargs: Any) -> Any:
        repository = super().create_repository(repository_name, *args, **kwargs)
        self._put_remembered(repository_name)
        return repository

    def put_image(
        self,
        repository_name: str,
        image_manifest: str,
        image_tag: str,
        image_manifest_mediatype: str | None = None,
        digest: str | None = None,
    ) -> models.Image:
        return super().put_image(
            repository_name,
            image_manifest,
            image_tag,
            image_manifest_mediatype,
            digest or digest_of(image_manifest),
        )

    def find_image(self, repository: str, *, tag: str | None, digest: str | None) -> models.Image | None:
        """By digest where one is given, else by tag; None where repository or image does not exist."""
        if repository not in self.repositories:
            return None
        for image in self.repositories[repository].images:
            if (image.get_image_digest() == digest) if digest else (tag in image.image_tags):
                return image
        return None

    def _put_remembered(self, repository: str) -> None:
        for tag, manifest in self.remembered.pop(repository, {}).items():
            present = self.find_image(repository, tag=tag, digest=None)
            if present is None or present.get_image_digest() != digest_of(manifest):
                self.put_image(repository, manifest, tag)


def install() -> None:
    use_backend(models.ecr_backends, ECRBackend)
