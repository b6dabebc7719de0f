"""All addresses. The apps bring their own; what joins them is in pages."""

from allauth.account import views as account
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from controlplane.core import consumers
from controlplane.pages import health
from controlplane.pages.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
    # Of allauth only this: the rest (sign-up, mail, passwords by mail) needs what Slipway does not have.
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("", include("controlplane.pages.urls")),
    path("", include("environments_app.urls")),
    path("", include("deployments_app.urls")),
]

websocket_urlpatterns = [
    path("ws/output/<uuid:stream_id>", consumers.OutputConsumer.as_asgi()),
    path("ws/live", consumers.LiveConsumer.as_asgi()),
]

handler400 = "controlplane.pages.views.bad_request"
handler403 = "controlplane.pages.views.forbidden"
handler404 = "controlplane.pages.views.not_found"
handler500 = "controlplane.pages.views.server_error"
