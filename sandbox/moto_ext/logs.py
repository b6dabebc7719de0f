"""CloudWatch Logs: query definitions."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from moto.logs import models, responses, urls

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_response


class LogsBackend(ExtendedBackend, models.LogsBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.query_definitions: dict[str, dict[str, Any]] = {}


class LogsResponse(responses.LogsResponse):
    def put_query_definition(self) -> str:
        definition_id = self._get_param("queryDefinitionId") or str(uuid4())
        self.logs_backend.query_definitions[definition_id] = {
            "queryDefinitionId": definition_id,
            "name": self._get_param("name"),
            "queryString": self._get_param("queryString"),
            "logGroupNames": self._get_param("logGroupNames") or [],
        }
        return json.dumps({"queryDefinitionId": definition_id})

    def describe_query_definitions(self) -> str:
        prefix = self._get_param("queryDefinitionNamePrefix") or ""
        definitions = self.logs_backend.query_definitions.values()
        return json.dumps({"queryDefinitions": [d for d in definitions if d["name"].startswith(prefix)]})

    def delete_query_definition(self) -> str:
        gone = self.logs_backend.query_definitions.pop(self._get_param("queryDefinitionId"), None)
        return json.dumps({"success": gone is not None})


def install() -> None:
    use_backend(models.logs_backends, LogsBackend)
    use_response(urls, LogsResponse)
