"""API Gateway: binary media types and cache keys are kept, methods and integrations can be changed.

A change comes as JSON patches (API Gateway API reference, "Patch operations"); moto knows those of other things only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.apigateway import models, responses, urls
from moto.core.responses import TYPE_RESPONSE

from sandbox.moto_ext.hooks import use_response

# first part of a patch's path -> attribute of moto's object
_METHOD = {
    "apiKeyRequired": "api_key_required",
    "authorizationType": "authorization_type",
    "authorizerId": "authorizer_id",
    "operationName": "operation_name",
    "requestModels": "request_models",
    "requestParameters": "request_parameters",
    "requestValidatorId": "request_validator_id",
}
_INTEGRATION = {
    "cacheKeyParameters": "cache_key_parameters",
    "cacheNamespace": "cache_namespace",
    "connectionType": "connection_type",
    "contentHandling": "content_handling",
    "credentials": "credentials",
    "httpMethod": "http_method",
    "passthroughBehavior": "passthrough_behaviour",
    "requestParameters": "request_parameters",
    "requestTemplates": "request_templates",
    "timeoutInMillis": "timeout_in_millis",
    "uri": "uri",
}


class APIGatewayResponse(responses.APIGatewayResponse):
    def create_rest_api(self) -> TYPE_RESPONSE:
        answer = super().create_rest_api()
        made = json.loads(answer[2]).get("id")
        if made:
            self.backend.apis[made].binaryMediaTypes = self._get_param("binaryMediaTypes") or []
            return answer[0], answer[1], json.dumps(self.backend.apis[made].to_dict())
        return answer

    def put_integration(self) -> TYPE_RESPONSE:
        answer = super().put_integration()
        integration = self._method().method_integration
        if integration is None:
            return answer
        integration.cache_key_parameters = self._get_param("cacheKeyParameters") or []
        return answer[0], answer[1], json.dumps(integration.to_json())

    def update_method(self) -> TYPE_RESPONSE:
        method = self._method()
        _patch(method, _METHOD, self._get_param("patchOperations") or [])
        return 200, {}, json.dumps(method.to_json())

    def update_integration(self) -> TYPE_RESPONSE:
        integration = self._method().method_integration
        if integration is None:
            return self.error("NotFoundException", "Invalid Integration identifier specified", 404)
        _patch(integration, _INTEGRATION, self._get_param("patchOperations") or [])
        return 200, {}, json.dumps(integration.to_json())

    def _method(self) -> models.Method:
        parts = self.path.split("/")
        return self.backend.get_method(parts[2], parts[4], parts[6])


def _patch(target: object, attributes: Mapping[str, str], operations: Iterable[Mapping[str, str]]) -> None:
    """Change what the paths name. Raises ValidationException for what cannot be changed."""
    for operation in operations:
        name, _, key = operation["path"].removeprefix("/").partition("/")
        if name not in attributes:
            raise models.ValidationException(f"Invalid patch path {operation['path']}")
        attribute, removed = attributes[name], operation["op"] == "remove"
        held = getattr(target, attribute)
        key = key.replace("~1", "/").replace("~0", "~")
        if name == "cacheKeyParameters":
            others = [each for each in held if each != key]
            value: Any = others if removed else [*others, key]
        elif key:
            value = {each: was for each, was in (held or {}).items() if each != key}
            value |= {} if removed else {key: _typed(operation.get("value"))}
        else:
            value = None if removed else _typed(operation.get("value"))
        setattr(target, attribute, value)


def _typed(value: str | None) -> str | bool | None:
    """Patches carry text; true and false are meant as such."""
    return {"true": True, "false": False}.get(value, value) if value is not None else None


def install() -> None:
    use_response(urls, APIGatewayResponse)
