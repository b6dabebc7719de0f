"""CloudFront: an origin keeps its access control, a viewer certificate from ACM is not the default one, and what a
cache policy says is not said again by forwarded values.
"""

from __future__ import annotations

from typing import Any

from moto.cloudfront import models

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_model


class CloudFrontBackend(ExtendedBackend, models.CloudFrontBackend):
    """Beside moto's: policies by kind and id, monitoring subscriptions by distribution, each as its XML document."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.policies: dict[str, dict[str, str]] = {}
        self.subscriptions: dict[str, str] = {}

    def new_id(self) -> str:
        return models.random_id()


class Origin(models.Origin):
    def __init__(self, origin: dict[str, Any]) -> None:
        super().__init__(origin)
        self.origin_access_control_id = origin.get("OriginAccessControlId") or ""


class ViewerCertificate(models.ViewerCertificate):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        # A certificate that is not named is left out of the answer; moto gives an empty name.
        self.acm_certificate_arn = config.get("ACMCertificateArn") or None
        self.iam_certificate_id = config.get("IAMCertificateId") or None
        if config.get("ACMCertificateArn") or config.get("IAMCertificateId"):
            self.cloud_front_default_certificate = False


class DefaultCacheBehaviour(models.DefaultCacheBehaviour):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        if config.get("CachePolicyId"):
            self.forwarded_values = None


class CacheBehaviour(models.CacheBehaviour):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        if config.get("CachePolicyId"):
            self.forwarded_values = None


def install() -> None:
    use_backend(models.cloudfront_backends, CloudFrontBackend)
    for model in (Origin, ViewerCertificate, DefaultCacheBehaviour, CacheBehaviour):
        use_model(models, model)
