from importlib import import_module

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The top layer: pages that join the apps, and the components that every template is made of."""

    name = "controlplane.pages"
    label = "pages"

    def ready(self) -> None:
        import_module("controlplane.pages.sign_in")
