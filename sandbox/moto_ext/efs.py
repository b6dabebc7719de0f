"""EFS: backup policies can be put and read, and policies of file systems deleted."""

from __future__ import annotations

import json

from moto.efs import responses, urls

from sandbox.moto_ext.hooks import use_response

_JSON: dict[str, str | int] = {"status": 200, "Content-Type": "application/json"}


class EFSResponse(responses.EFSResponse):
    def put_backup_policy(self) -> tuple[str, dict[str, str | int]]:
        status = self._get_param("BackupPolicy")["Status"]
        file_system = self.efs_backend.file_systems_by_id[self._get_param("FileSystemId")]
        file_system._backup = status in ("ENABLED", "ENABLING")
        return json.dumps({"BackupPolicy": {"Status": status}}), dict(_JSON)

    def describe_backup_policy(self) -> tuple[str, dict[str, str | int]]:
        file_system = self.efs_backend.file_systems_by_id[self._get_param("FileSystemId")]
        status = "ENABLED" if file_system._backup else "DISABLED"
        return json.dumps({"BackupPolicy": {"Status": status}}), dict(_JSON)

    def delete_file_system_policy(self) -> tuple[str, dict[str, str | int]]:
        self.efs_backend.file_systems_by_id[self._get_param("FileSystemId")].file_system_policy = None
        return "", dict(_JSON)


def install() -> None:
    use_response(urls, EFSResponse)
