"""Admin pages of environments: to look at. Changes go through the pages and services, which keep versions."""

from django.contrib import admin

from controlplane.core.admin import ReadOnlyAdmin
from environments_app.models import ConfigVersion, Environment, ProtectionVersion, Run, Service, TrustedSource


@admin.register(Environment)
class EnvironmentAdmin(ReadOnlyAdmin):
    list_display = ("system", "slug", "tier", "created_at")
    list_filter = ("tier", "system")
    search_fields = ("slug", "system__slug")


@admin.register(Service)
class ServiceAdmin(ReadOnlyAdmin):
    list_display = ("system", "slug")
    search_fields = ("slug", "system__slug")


@admin.register(ConfigVersion, ProtectionVersion)
class VersionAdmin(ReadOnlyAdmin):
    list_display = ("environment", "number", "author_name", "reason", "created_at")
    list_filter = ("environment__system",)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("title", "environment", "kind", "state", "requester_name", "created_at")
    list_filter = ("state", "kind", "environment__system")
    search_fields = ("id", "title")


@admin.register(TrustedSource)
class TrustedSourceAdmin(ReadOnlyAdmin):
    list_display = ("source", "reference", "system", "trusted_by_name", "created_at", "revoked_at")
    list_filter = ("system",)
    search_fields = ("source", "reason")
