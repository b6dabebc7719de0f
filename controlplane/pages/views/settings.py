"""A person's own settings: how pages look, and the tokens that act in their name."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from controlplane.core import access
from controlplane.core.models import ApiToken
from controlplane.core.services import audit
from controlplane.core.views import actor_of, person
from controlplane.lib import clock
from controlplane.pages.forms import ProfileForm, TokenForm


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Shows and stores theme and time zone; lists tokens and roles."""
    form = ProfileForm(request.POST or None, instance=person(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Stored.")
        return redirect("pages:settings")
    return _page(request, form=form, status=422 if request.method == "POST" else 200)


@require_POST
def make_token(request: HttpRequest) -> HttpResponse:
    """Makes a token; its plain text is on this answer and nowhere else, so the answer is not a redirect."""
    form = TokenForm(request.POST, auto_id="token_%s")
    if not form.is_valid():
        return _page(request, token_form=form, status=422)
    with transaction.atomic():
        token, plain = ApiToken.issue(person(request), form.cleaned_data["name"])
        token.expires_at = clock.now() + timedelta(days=form.cleaned_data["days"])
        token.save(update_fields=["expires_at"])
        audit.record(actor_of(request), "token.created", subject=("token", token.pk), after={"name": token.name})
    response = _page(request, plain=plain)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Ends one of the person's own tokens."""
    token = get_object_or_404(ApiToken, pk=token_id, user=person(request))
    with transaction.atomic():
        audit.record(actor_of(request), "token.revoked", subject=("token", token.pk), before={"name": token.name})
        token.delete()
    messages.success(request, f"The token “{token.name}” is ended. Programs that use it are refused from now on.")
    return redirect("pages:settings")


def _page(
    request: HttpRequest,
    *,
    form: ProfileForm | None = None,
    token_form: TokenForm | None = None,
    plain: str = "",
    status: int = 200,
) -> HttpResponse:
    user = person(request)
    context = {
        "form": form or ProfileForm(instance=user),
        "token_form": token_form or TokenForm(auto_id="token_%s"),
        "plain": plain,
        "tokens": user.api_tokens.order_by("-created_at"),
        "roles": sorted(access.roles_by_system(user).items()),
        "zones": sorted(available_timezones()),
    }
    return render(request, "pages/settings.html", context, status=status)
