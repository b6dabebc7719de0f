from django.apps import AppConfig


class EnvironmentsConfig(AppConfig):
    name = "environments_app"
    label = "environments"
    verbose_name = "Environments"
