"""Backup: tags are read at the address that today's SDKs ask, and a plan can be changed."""

from __future__ import annotations

import json
from urllib.parse import unquote

from moto.backup import models, responses, urls
from moto.backup.exceptions import ResourceNotFoundException

from sandbox.moto_ext.hooks import use_response


class BackupResponse(responses.BackupResponse):
    def list_tags(self) -> str:
        """moto takes the last part but one of the path for the ARN, which it is only with a slash at the end."""
        arn = unquote(self.path.partition("/tags/")[2].strip("/"))
        return json.dumps({"Tags": self.backup_backend.list_tags(resource_arn=arn)})

    def update_backup_plan(self) -> str:
        plan_id = self.path.partition("/plans/")[2].strip("/")
        plans = self.backup_backend.plans
        if plan_id not in plans:
            raise ResourceNotFoundException(msg=f"Failed reading Backup plan with provided version: {plan_id}")
        former = plans[plan_id]
        changed = models.Plan(json.loads(self.body)["BackupPlan"], former.creator_request_id, self.backup_backend)
        for name in ("backup_plan_id", "backup_plan_arn", "creation_date"):
            setattr(changed, name, getattr(former, name))
        plans[plan_id] = changed
        return json.dumps(dict(changed.to_dict()))


def install() -> None:
    use_response(urls, BackupResponse)
