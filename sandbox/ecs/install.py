"""Puts our ECS in the place of moto's."""

from __future__ import annotations

from moto.ecs import models, urls

from sandbox.ecs.backend import EcsBackend
from sandbox.ecs.responses import EcsResponse
from sandbox.moto_ext.hooks import use_backend, use_response


def install() -> None:
    use_backend(models.ecs_backends, EcsBackend)
    use_response(urls, EcsResponse)
