from django.urls import path

from environments_app.views import alert_routes, blueprints, configuration, making, protection, runs, sources, versions

app_name = "environments"
urlpatterns = [
    path("runs/<uuid:run_id>", runs.show, name="run"),
    path("runs/<uuid:run_id>/summary.json", runs.summary, name="run-summary"),
    path("runs/<uuid:run_id>/approve", runs.approve, name="run-approve"),
    path("runs/<uuid:run_id>/revoke", runs.revoke, name="run-revoke"),
    path("runs/<uuid:run_id>/discard", runs.discard, name="run-discard"),
    path("runs/<uuid:run_id>/cancel", runs.cancel, name="run-cancel"),
    path("runs/<uuid:run_id>/reconcile", runs.reconcile, name="run-reconcile"),
    path("environments/<slug:system>/<slug:environment>/runs", runs.start, name="start-run"),
    path("environments/<slug:system>/<slug:environment>/lock/break", runs.break_lock, name="break-lock"),
    path("environments/<slug:system>/<slug:environment>/configuration/edit", configuration.edit, name="edit-config"),
    path(
        "environments/<slug:system>/<slug:environment>/configuration/edit/yaml",
        configuration.edit_yaml,
        name="edit-config-yaml",
    ),
    path(
        "environments/<slug:system>/<slug:environment>/configuration/restore", versions.restore, name="restore-config"
    ),
    path("environments/<slug:system>/<slug:environment>/protection", protection.show, name="protection"),
    path(
        "environments/<slug:system>/<slug:environment>/protection/approve", protection.agree, name="approve-protection"
    ),
    path(
        "environments/<slug:system>/<slug:environment>/protection/withdraw",
        protection.withdraw,
        name="withdraw-protection",
    ),
    path("protections/<uuid:environment_id>", protection.show_by_id, name="protection-by-id"),
    path("environments/new", making.new, name="new-environment"),
    path("alert-routes", alert_routes.show, name="alert-routes"),
    path("blueprints", blueprints.show, name="blueprints"),
    path("systems/<slug:system>/blueprint.yaml", blueprints.export, name="export-blueprint"),
    path("systems/<slug:system>/sources", sources.show, name="sources"),
    path("systems/<slug:system>/sources/trust", sources.trust, name="trust-source"),
    path("systems/<slug:system>/sources/<uuid:source_id>/revoke", sources.revoke, name="revoke-source"),
]
