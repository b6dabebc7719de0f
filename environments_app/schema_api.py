"""JSON Schema of what people write by hand, for editors that check and complete while they type."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from environments_app import schema

router = Router()


@router.get("/environment.json", response=dict[str, Any])
def environment_schema(request: HttpRequest) -> dict[str, Any]:
    """Of an environment's configuration."""
    return schema.json_schema()


@router.get("/blueprint.json", response=dict[str, Any])
def blueprint_schema(request: HttpRequest) -> dict[str, Any]:
    """Of a blueprint file."""
    return schema.blueprint_json_schema()
