from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class CoreConfig(AppConfig):
    name = "controlplane.core"
    label = "core"


class AuditedAdminConfig(admin_apps.AdminConfig):
    """Django's admin with Slipway's site; named in INSTALLED_APPS by its path, never chosen for this package."""

    default = False
    default_site = "controlplane.core.admin_site.AuditedSite"
