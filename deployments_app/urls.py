from django.urls import path

from deployments_app.views import deployments, releases

app_name = "deployments"
urlpatterns = [
    path("releases", releases.listing, name="releases"),
    path("releases/<uuid:release_id>", releases.show, name="release"),
    path("environments/<slug:system>/<slug:environment>/deployments", deployments.start, name="start-deployment"),
    path("deployments/<uuid:deployment_id>", deployments.show, name="deployment"),
    path("deployments/<uuid:deployment_id>/approve", deployments.approve, name="deployment-approve"),
    path("deployments/<uuid:deployment_id>/revoke", deployments.revoke, name="deployment-revoke"),
    path("deployments/<uuid:deployment_id>/abort", deployments.abort, name="deployment-abort"),
    path("deployments/<uuid:deployment_id>/pause", deployments.pause, name="deployment-pause"),
    path("deployments/<uuid:deployment_id>/promote", deployments.promote, name="deployment-promote"),
    path("deployments/<uuid:deployment_id>/rollback", deployments.roll_back, name="deployment-rollback"),
]
