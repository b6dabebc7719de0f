"""Backup: tags at the address that SDKs ask, plans that can be changed and have selections, vaults that are empty.

Nothing is backed up here, so no vault has recovery points (docs/sandbox.md).
"""

from __future__ import annotations

import json
import time
from typing import Any, cast
from urllib.parse import unquote
from uuid import uuid4

from moto.backup import models, responses, urls
from moto.backup.exceptions import ResourceNotFoundException

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_response


class BackupBackend(ExtendedBackend, models.BackupBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.selections: dict[tuple[str, str], dict[str, Any]] = {}  # (plan, selection)

    def selection(self, plan: str, selection: str) -> dict[str, Any]:
        if (plan, selection) not in self.selections:
            raise ResourceNotFoundException(msg=f"Cannot find Backup selection {selection} of plan {plan}")
        return self.selections[plan, selection]


class BackupResponse(responses.BackupResponse):
    def create_backup_selection(self) -> str:
        given, (plan, _) = json.loads(self.body), self._plan_and_selection()
        selection = {
            "SelectionId": str(uuid4()),
            "BackupPlanId": plan,
            "CreationDate": time.time(),
            "BackupSelection": given["BackupSelection"],
        }
        self.backend.selections[plan, selection["SelectionId"]] = selection
        return json.dumps({key: value for key, value in selection.items() if key != "BackupSelection"})

    def get_backup_selection(self) -> str:
        return json.dumps(self.backend.selection(*self._plan_and_selection()))

    def delete_backup_selection(self) -> str:
        plan, selection = self._plan_and_selection()
        self.backend.selection(plan, selection)
        del self.backend.selections[plan, selection]
        return "{}"

    def _plan_and_selection(self) -> tuple[str, str]:
        """Of /backup/plans/PLAN/selections/[SELECTION]."""
        plan, _, selection = self.path.partition("/plans/")[2].partition("/selections")
        return plan, selection.strip("/")

    @property
    def backend(self) -> BackupBackend:
        return cast(BackupBackend, self.backup_backend)

    def list_tags(self) -> str:
        """moto takes the last part but one of the path for the ARN, which it is only with a slash at the end."""
        arn = unquote(self.path.partition("/tags/")[2].strip("/"))
        return json.dumps({"Tags": self.backup_backend.list_tags(resource_arn=arn)})

    def list_recovery_points_by_backup_vault(self) -> str:
        self.backend.describe_backup_vault(self.path.partition("/backup-vaults/")[2].partition("/")[0])
        return json.dumps({"RecoveryPoints": []})

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
    use_backend(models.backup_backends, BackupBackend)
    use_response(urls, BackupResponse)
    urls.url_paths["{0}/backup-vaults/(?P<name>[^/]+)/recovery-points/$"] = BackupResponse.dispatch
