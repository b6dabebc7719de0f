"""Admin pages for people and their roles. History and decisions are read-only: admin is no way round."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django_rq.admin import QueueAdmin
from django_rq.models import Dashboard

from controlplane.core.models import ApiToken, Approval, ApprovalRequest, AuditEvent, Membership, System, User
from controlplane.core.services import audit
from controlplane.core.views import actor_of, person
from controlplane.lib.errors import Refusal

SHOWN_ONLY = Refusal(
    "QUEUES_SHOWN_ONLY",
    "The queues are only shown here: the database says what should run, and the scheduler queues it again. To end "
    "something, cancel the run or abort the deployment on its own page.",
    403,
)


class AuditedAdmin(admin.ModelAdmin):
    """Saves and deletions are audited with what changed."""

    KIND = ""

    def _record(self, request: HttpRequest, verb: str, row: Model, **details: Any) -> None:
        system = row if isinstance(row, System) else getattr(row, "system", None)
        if verb == "deleted" and isinstance(row, System):
            system = None
        audit.record(actor_of(request), f"{self.KIND}.{verb}", subject=(self.KIND, row.pk), system=system, **details)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        before = {name: str(form.initial.get(name, "")) for name in form.changed_data if name != "password"}
        super().save_model(request, obj, form, change)
        after = {name: str(form.cleaned_data.get(name, "")) for name in form.changed_data if "password" not in name}
        self._record(request, "changed" if change else "created", obj, before=before if change else {}, after=after)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._record(request, "deleted", obj, before={"name": str(obj)})
        super().delete_model(request, obj)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shown, searched, never changed here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class PeopleAdmin(AuditedAdmin, UserAdmin):
    KIND = "user"
    list_display = ("username", "email", "is_active", "is_superuser", "last_login")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "timezone", "theme")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    filter_horizontal = ()

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django saves this form past `save_model`; audited is that the password changed, never to what."""
        before = User.objects.filter(pk=unquote(id)).values_list("password", flat=True).first()
        response = super().user_change_password(request, id, form_url)
        user = self.get_object(request, unquote(id))
        if user is not None and user.password != before:
            now = "changed" if user.has_usable_password() else "disabled"
            self._record(request, "password_changed", user, after={"password": now})
        return response

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people are made inactive: history keeps pointing at them


@admin.register(System)
class SystemAdmin(AuditedAdmin):
    KIND = "system"
    list_display = ("slug", "title", "external_id", "created_at")
    list_filter = ("created_at",)
    search_fields = ("slug", "title")
    readonly_fields = ("external_id", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Names in AWS and the state's key are made of the slug: another one would build everything a second time.
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin):
    KIND = "membership"
    list_display = ("user", "system", "role")
    list_filter = ("system", "role")
    list_select_related = ("user", "system")
    search_fields = ("user__username", "system__slug")
    autocomplete_fields = ("user", "system")


@admin.register(ApiToken)
class ApiTokenAdmin(AuditedAdmin):
    """Tokens are made in Settings, where the plain text is shown once; here they can be ended."""

    KIND = "token"
    list_display = ("name", "user", "hint", "created_at", "expires_at", "last_used_at")
    list_filter = ("expires_at", "last_used_at", ("user", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    readonly_fields = ("user", "name", "hint", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_name", "action", "system", "environment", "subject_kind", "refused")
    list_select_related = ("system",)
    list_filter = ("refused", "system")
    search_fields = ("actor_name", "action", "subject_id", "request_id")


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    list_display = ("title", "system", "environment", "state", "required", "created_at", "expires_at")
    list_filter = ("state", "system", "subject_kind")
    list_select_related = ("system",)
    search_fields = ("title", "environment", "system__slug")


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    list_display = ("request", "user", "at", "revoked_at")
    list_select_related = ("request", "user")


admin.site.unregister(Dashboard)


@admin.register(Dashboard)
class QueuesAdmin(QueueAdmin):
    """django-rq's dashboard: superusers look at it, nobody acts there (all that acts in it is a POST)."""

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        for url in urls:
            url.callback = _shown_only(url.callback, str(url.name))
        return urls


def _shown_only(view: Callable[..., HttpResponse], name: str) -> Callable[..., HttpResponse]:
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Whoever is not of the staff is sent away by the view itself.
        if admin.site.has_permission(request):
            if not person(request).is_superuser:
                raise PermissionDenied("The queues are shown to superusers only.")
            if request.method not in ("GET", "HEAD"):
                audit.record_refusal(actor_of(request), "queues.change", SHOWN_ONLY, subject=("queues", name))
                raise PermissionDenied(SHOWN_ONLY.message)
        return view(request, *args, **kwargs)

    return shown
