"""Admin pages of environments. Configurations are edited here as on their own page: through the services, which keep
versions. Runs and versions are to look at."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from controlplane.core.admin import ReadOnlyAdmin
from controlplane.core.policies import Capability
from controlplane.core.views import person, require
from environments_app.models import (
    BlueprintFile,
    ConfigVersion,
    Environment,
    ProtectionVersion,
    Run,
    Service,
    TrustedSource,
)
from environments_app.views.config_form import editing
from environments_app.views.configuration import STORED
from environments_app.views.versions import chosen_versions


@admin.register(Environment)
class EnvironmentAdmin(ReadOnlyAdmin):
    list_display = ("system", "slug", "tier", "version", "configuration", "history", "protects")
    list_display_links = ("slug",)
    list_filter = ("tier", "system")
    list_select_related = ("system",)
    search_fields = ("slug", "system__slug", "system__title", "tier")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Environment]:
        return super().get_queryset(request).annotate(newest=Max("config_versions__number"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(person(request).is_superuser)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Environments are made on the product's own page: with a protection and a first configuration."""
        return redirect("environments:new-environment")

    @admin.display(description="Newest version", ordering="newest")
    def version(self, environment: Any) -> str:
        return f"v{environment.newest}"

    @admin.display(description="Configuration")
    def configuration(self, environment: Environment) -> str:
        return format_html('<a href="{}">Edit {}</a>', self._address("configuration", environment), environment)

    @admin.display(description="History")
    def history(self, environment: Environment) -> str:
        return format_html('<a href="{}">Versions of {}</a>', self._address("versions", environment), environment)

    @admin.display(description="Protection")
    def protects(self, environment: Environment) -> str:
        address = reverse("environments:protection", args=[environment.system.slug, environment.slug])
        return format_html('<a href="{}">Protection of {}</a>', address, environment)

    def get_urls(self) -> list[URLPattern]:
        pages = {"configuration": self.edit_configuration, "versions": self.show_versions}
        return [
            path(f"<uuid:pk>/{name}/", self.admin_site.admin_view(page), name=f"environment-{name}")
            for name, page in pages.items()
        ] + super().get_urls()

    @staticmethod
    def _address(name: str, environment: Environment) -> str:
        return reverse(f"admin:environment-{name}", args=[environment.pk])

    def edit_configuration(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The configuration as a form; what is saved is a new version, compared with the one before."""
        environment = self._found(request, pk)
        work = editing(request, environment)
        if work.saved:
            messages.success(request, STORED.format(work.saved.number))
            return redirect(f"{self._address('versions', environment)}?from={work.based_on}&to={work.saved.number}")
        context = {"environment": environment, "editing": work}
        return render(request, "admin/environments/configuration.html", context, status=work.status)

    def show_versions(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Who changed what, when and why; and the settings in which two versions differ."""
        environment = self._found(request, pk)
        context = {"environment": environment, **chosen_versions(request, environment)}
        return render(request, "admin/environments/versions.html", context)

    @staticmethod
    def _found(request: HttpRequest, pk: UUID) -> Environment:
        environment = get_object_or_404(Environment.objects.select_related("system"), pk=pk)
        require(request, environment.system, Capability.CONFIGURE)
        return environment


@admin.register(Service)
class ServiceAdmin(ReadOnlyAdmin):
    list_display = ("system", "slug")
    list_filter = ("system",)
    list_select_related = ("system",)
    search_fields = ("slug", "system__slug")


@admin.register(ConfigVersion, ProtectionVersion)
class VersionAdmin(ReadOnlyAdmin):
    list_display = ("environment", "number", "author_name", "reason", "created_at")
    list_filter = ("environment__system", "environment__tier")
    list_select_related = ("environment__system",)
    search_fields = ("environment__slug", "environment__system__slug", "author_name", "reason")
    date_hierarchy = "created_at"


@admin.register(BlueprintFile)
class BlueprintFileAdmin(ReadOnlyAdmin):
    list_display = ("system", "author_name", "created_at", "digest")
    list_filter = ("system",)
    list_select_related = ("system",)
    search_fields = ("system__slug", "author_name", "text")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("title", "environment", "kind", "state", "requester_name", "created_at")
    list_filter = ("state", "kind", "environment__system")
    list_select_related = ("environment__system",)
    search_fields = ("id", "title")


@admin.register(TrustedSource)
class TrustedSourceAdmin(ReadOnlyAdmin):
    list_display = ("source", "reference", "system", "trusted_by_name", "created_at", "revoked_at")
    list_filter = ("system",)
    search_fields = ("source", "reason")
