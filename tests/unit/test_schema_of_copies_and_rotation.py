"""Copies go to one other region, and a password is renewed by one entry only: the refusals say what would be right."""

from typing import Any

import pytest

from environments_app.schema import ConfigInvalid, parse, render_variables
from environments_app.schema.gaps import unprovisioned
from tests.unit.schema_document import document

ROTATION = {"interval_days": 30}
WRONG: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    (
        {"buckets.files.replica_region": "us-east-1", "backup": {"copy_region": "us-west-2"}},
        ("backup.copy_region", "copies go to us-west-2 here and to us-east-1 elsewhere", "one region for all copies"),
    ),
    (
        {"buckets.files.replica_region": "us-east-1", "buckets.files.versioning": False},
        ("buckets.files.versioning", "S3 copies versions, and there are none", "true"),
    ),
    (
        {"backup": {"weekly_export": True}},
        ("backup.export_bucket", "no entry 'backups' in buckets", "one of files"),
    ),
    (
        {
            "backup": {"weekly_export": True, "export_bucket": "files"},
            "database": None,
            "secrets": {},
            "services.web.containers.web.secrets": {},
        },
        ("backup.weekly_export", "there is no database", "false, or a section database"),
    ),
    (
        {"file_system": {"mounts": {"api": "/mnt"}}},
        ("file_system.mounts.api", "no entry 'api' in services", "one of web"),
    ),
    (
        {"file_system": {"throughput_mode": "provisioned"}},
        (
            "file_system.provisioned_mibps",
            "the throughput mode is provisioned",
            "a figure for the throughput mode provisioned, and for no other",
        ),
    ),
    (
        {"secrets.token": {"kind": "external", "rotation": ROTATION}},
        ("secrets.token.rotation", "nobody knows how to renew a value of the kind external", "null"),
    ),
    (
        {
            "secrets.credentials": {"kind": "database_credentials", "rotation": ROTATION},
            "secrets.database-url.rotation": ROTATION,
        },
        (
            "secrets.credentials.rotation",
            "database-url rotates the same password of the database",
            "null; it follows",
        ),
    ),
]


@pytest.mark.parametrize(("changes", "expected"), WRONG, ids=[path for _, (path, _, _) in WRONG])
def test_each_problem_is_named(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse(document(changes))

    assert [(each.path, each.problem, each.expected) for each in refused.value.problems] == [expected]


def test_nothing_of_it_is_left_unmade() -> None:
    config = parse(
        document(
            {
                "network.network_acls": True,
                "database.read_replicas": 1,
                "database.enhanced_monitoring_seconds": 60,
                "file_system": {"mounts": {"web": "/mnt/shared"}},
                "registry.replica_region": "us-east-1",
                "buckets.files.replica_region": "us-east-1",
                "backup": {
                    "copy_region": "us-east-1",
                    "weekly_export": True,
                    "export_bucket": "files",
                    "force_destroy": False,
                },
                "secrets.database-url.rotation": ROTATION,
                "logs": {"encrypted": True},
                "audit_trail": {"retention_days": 2557},
            }
        )
    )

    assert unprovisioned(config) == []
    variables = render_variables(system="shop", environment="staging", config=config)
    assert variables["copy_region"] == "us-east-1"
    assert variables["backup"] == {
        "copy_region": "us-east-1",
        "weekly_export": True,
        "export_bucket": "files",
        "force_destroy": False,
    }
    assert variables["audit_trail"] == {
        "retention_days": 2557,
        "glacier_days": 90,
        "multi_region": True,
        "force_destroy": False,
    }


def test_without_copies_their_region_is_the_environments_own() -> None:
    variables = render_variables(system="shop", environment="staging", config=parse(document()))

    assert variables["copy_region"] == "eu-west-1"
    assert variables["backup"]["copy_region"] is None
