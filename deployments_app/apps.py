from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments_app"
    label = "deployments"
    verbose_name = "Deployments"
