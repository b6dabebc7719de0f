"""What is being released: deliveries from CI, releases, and their deployments."""

from deployments_app.models.deployments import Deployment
from deployments_app.models.releases import Release, ReleaseImage, WebhookDelivery, WebhookSecret

__all__ = ["Deployment", "Release", "ReleaseImage", "WebhookDelivery", "WebhookSecret"]
