"""Application Auto Scaling: tags of scalable targets (the provider reads them after every create)."""

from __future__ import annotations

import json

from moto.applicationautoscaling import models, responses, urls

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_response


class ApplicationAutoscalingBackend(ExtendedBackend, models.ApplicationAutoscalingBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.tags: dict[str, dict[str, str]] = {}


class ApplicationAutoScalingResponse(responses.ApplicationAutoScalingResponse):
    @property
    def _tags(self) -> dict[str, str]:
        tags: dict[str, dict[str, str]] = self.applicationautoscaling_backend.tags
        return tags.setdefault(self._get_param("ResourceARN"), {})

    def register_scalable_target(self) -> str:
        body = super().register_scalable_target()
        if wanted := self._get_param("Tags"):
            self.applicationautoscaling_backend.tags.setdefault(json.loads(body)["ScalableTargetARN"], {}).update(
                wanted
            )
        return body

    def list_tags_for_resource(self) -> str:
        return json.dumps({"Tags": self._tags})

    def tag_resource(self) -> str:
        self._tags.update(self._get_param("Tags") or {})
        return "{}"

    def untag_resource(self) -> str:
        for key in self._get_param("TagKeys") or []:
            self._tags.pop(key, None)
        return "{}"


def install() -> None:
    use_backend(models.applicationautoscaling_backends, ApplicationAutoscalingBackend)
    use_response(urls, ApplicationAutoScalingResponse)
