from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring_app"
    label = "monitoring"
    verbose_name = "Monitoring"
