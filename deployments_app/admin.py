"""Releases and deployments to look at. What changes them goes through the pages and services."""

from django.contrib import admin

from controlplane.core.admin import ReadOnlyAdmin
from deployments_app.models import Deployment, Release, WebhookDelivery, WebhookSecret


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = ("service", "version", "commit", "branch", "created_at")
    list_filter = ("system",)
    search_fields = ("id", "version", "commit")


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = ("release", "environment", "kind", "state", "requester_name", "created_at")
    list_filter = ("state", "kind", "environment__system")
    search_fields = ("id", "release__version", "release__commit")
    exclude = ("rendered", "target", "snapshot")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("system", "source", "delivery", "outcome", "received_at")
    list_filter = ("system", "source", "outcome")
    search_fields = ("delivery",)


@admin.register(WebhookSecret)
class WebhookSecretAdmin(ReadOnlyAdmin):
    list_display = ("system", "hint", "created_at", "revoked_at")
    list_filter = ("system",)
