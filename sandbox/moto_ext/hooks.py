"""How an extension takes the place of a part of moto, before moto serves its first request."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend


class ExtendedBackend(BaseBackend):
    """First base of every extended backend: moto finds a backend's URLs by its module, so name moto's own."""

    @property
    def _url_module(self) -> Any:
        parent = next(
            cls for cls in type(self).__mro__ if cls.__module__.startswith("moto.") and cls is not BaseBackend
        )
        return __import__(parent.__module__.removesuffix("models") + "urls", fromlist=["url_paths"])


def use_backend(backends: BackendDict[Any], backend: type[BaseBackend]) -> None:
    """Make `backend` what every account and region of this service gets from now on."""
    backends.backend = backend


def use_response(urls: ModuleType, response: type) -> None:
    """Route the service's URLs to `response`, wherever they led to one of its base classes."""
    for path, handler in urls.url_paths.items():
        owner = getattr(handler, "__self__", None)
        if isinstance(owner, type) and issubclass(response, owner):
            urls.url_paths[path] = getattr(response, handler.__name__)


def use_model(module: ModuleType, model: type) -> None:
    """Let moto's module make `model` where it made the class of the same name."""
    setattr(module, model.__name__, model)
