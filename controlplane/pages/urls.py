from django.urls import path

from controlplane.pages.views import audit, environments, fleet, output, settings, style, webhook

app_name = "pages"
urlpatterns = [
    path("", fleet.fleet, name="fleet"),
    path("inbox", fleet.inbox, name="inbox"),
    path("search", fleet.search, name="search"),
    path("environments", environments.listing, name="environments"),
    path("environments/<slug:system>/<slug:environment>", environments.overview, name="environment"),
    path(
        "environments/<slug:system>/<slug:environment>/infrastructure",
        environments.infrastructure,
        name="infrastructure",
    ),
    path(
        "environments/<slug:system>/<slug:environment>/configuration", environments.configuration, name="configuration"
    ),
    path("environments/<slug:system>/<slug:environment>/webhook", webhook.commands, name="webhook"),
    path("environments/<slug:system>/<slug:environment>/activity", environments.activity, name="activity"),
    path("output/<uuid:stream_id>.txt", output.raw, name="output"),
    path("audit", audit.events, name="audit"),
    path("settings", settings.profile, name="settings"),
    path("settings/tokens", settings.make_token, name="make-token"),
    path("settings/tokens/<uuid:token_id>/revoke", settings.revoke_token, name="revoke-token"),
    path("style", style.show, name="style"),
]
