"""The admin site itself: what of it changes something leaves its trace, as everywhere else."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect

from controlplane.core.services import audit
from controlplane.core.views import actor_of, person


class AuditedSite(admin.AdminSite):
    """Django's admin site; core/apps.py puts it in the place of the default one."""

    site_header = "Slipway administration"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    @transaction.atomic
    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """A person's own password: audited is that it changed, never to what. (django-stubs know only the form.)"""
        response = super().password_change(request, extra_context)
        if isinstance(response, HttpResponseRedirect):  # a form that was not taken is shown again
            subject = ("user", person(request).pk)
            audit.record(actor_of(request), "user.password_changed", subject=subject, after={"password": "changed"})
        return response
