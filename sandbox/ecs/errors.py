"""Errors of ECS that moto does not know, by their codes."""

from __future__ import annotations

from collections.abc import Iterable

from moto.ecs.exceptions import EcsClientException, ServiceNotFoundException


class EcsError(EcsClientException):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ServiceNotActive(ServiceNotFoundException):
    code = "ServiceNotActiveException"


class TokenInUse(EcsError):
    """RunTask's clientToken was given before, with other parameters."""

    def __init__(self, tasks: Iterable[str]) -> None:
        super().__init__("ConflictException", "The clientToken is already in use with a different RunTask request.")
        self.resourceIds = list(tasks)  # the field's name in ECS's model, where moto's serializer looks for it
