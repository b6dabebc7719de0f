"""What the modules with generated passwords promise, in their plans.

Terraform's mock providers know no ephemeral values, so these modules are planned against the sandbox; the other ones
have tests of Terraform's own beside them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox_fixture import SandboxProcess, start_sandbox
from tests.terraform_fixture import TerraformFolder, terraform_folder

DATABASE = {
    "name": "shop-staging",
    "secret_name": "shop/staging/database-master-password",
    "engine_version": "15.4",
    "instance_class": "db.t3.micro",
    "database_name": "shop",
    "username": "shop",
    "subnet_ids": ["subnet-1", "subnet-2"],
    "security_group_id": "sg-1",
    "storage": {"gib": 20, "max_gib": 100},
    "backup": {"retention_days": 7},
}
CACHE = {
    "name": "shop-staging",
    "secret_name": "shop/staging/redis-password",
    "node_type": "cache.t3.micro",
    "subnet_ids": ["subnet-1", "subnet-2"],
    "security_group_id": "sg-1",
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@dataclass(frozen=True)
class Module:
    """One module as a root module of its own, planned against the sandbox."""

    root: TerraformFolder

    def plan(self, variables: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Address -> attributes that the plan knows."""
        self.root.write_variables(variables)
        return {each["address"]: each["change"]["after"] for each in self.root.plan()["resource_changes"]}

    def refusal(self, variables: dict[str, Any]) -> str:
        """The words of a plan that must fail."""
        self.root.write_variables(variables)
        done = self.root.run("plan", "-no-color", "-input=false")
        assert done.returncode == 1
        return " ".join(done.stderr.replace("│", "").split())


def module(name: str, folder: Path, sandbox: SandboxProcess) -> Module:
    root = terraform_folder(folder, root=f"modules/{name}")
    return Module(replace(root, environment={**root.environment, "AWS_ENDPOINT_URL": sandbox.url}))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, sandbox: SandboxProcess) -> Module:
    return module("database", tmp_path_factory.mktemp("database"), sandbox)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, sandbox: SandboxProcess) -> Module:
    return module("cache", tmp_path_factory.mktemp("cache"), sandbox)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory, sandbox: SandboxProcess) -> Module:
    return module("secrets", tmp_path_factory.mktemp("secrets"), sandbox)


def parameters(planned: dict[str, dict[str, Any]]) -> dict[str, str]:
    group = next(after for address, after in planned.items() if "parameter_group" in address)
    return {each["name"]: each["value"] for each in group["parameter"]}


def test_a_database_is_encrypted_grows_and_forces_tls(database: Module) -> None:
    planned = database.plan(DATABASE | {"parameters": {"log_connections": "1", "rds.force_ssl": "0"}})

    instance = planned["aws_db_instance.this"]
    assert (instance["storage_encrypted"], instance["max_allocated_storage"]) == (True, 100)
    assert planned["aws_db_parameter_group.this"]["family"] == "postgres15"
    assert parameters(planned) == {"log_connections": "1", "rds.force_ssl": "1"}
    assert planned["aws_kms_key.this"]["enable_key_rotation"] is True
    assert not any("monitoring" in address or "replica" in address for address in planned)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"apply_immediately": True, "allow_major_version_upgrade": True, "iops": None}),
        ({"apply_immediately": False}, {"apply_immediately": False}),
        ({"engine_version": "15"}, {"auto_minor_version_upgrade": True}),
        ({"engine_version": "15.4"}, {"auto_minor_version_upgrade": False}),
        ({"storage": {"type": "io2", "gib": 100, "iops": 4000}}, {"storage_type": "io2", "iops": 4000}),
    ],
)
def test_what_was_approved_is_what_the_database_becomes(
    database: Module, settings: dict[str, Any], expected: dict[str, Any]
) -> None:
    instance = database.plan(DATABASE | settings)["aws_db_instance.this"]

    assert {name: instance.get(name) for name in expected} == expected


def test_the_last_snapshot_has_a_name_of_its_own(database: Module) -> None:
    kept = {"retention_days": 7, "final_snapshot": True}
    planned = database.plan(DATABASE | {"backup": kept})

    assert planned["aws_db_instance.this"]["skip_final_snapshot"] is False
    assert planned["aws_db_instance.this"].get("final_snapshot_identifier") is None, "known once it is made"
    assert "terraform_data.made_at" in planned


def test_the_password_is_in_no_plan(database: Module) -> None:
    instance = database.plan(DATABASE)["aws_db_instance.this"]

    assert instance["password"] is None
    assert instance["password_wo"] is None
    assert instance["password_wo_version"] == 1


def test_replicas_are_guarded_and_watched_like_their_source(database: Module) -> None:
    planned = database.plan(
        DATABASE | {"read_replicas": 2, "enhanced_monitoring_seconds": 60, "performance_insights": True}
    )

    for number in (1, 2):
        replica = planned[f"aws_db_instance.replica[{number - 1}]"]
        assert replica["identifier"] == f"shop-staging-replica-{number}"
        assert replica["replicate_source_db"] == "shop-staging"
        assert replica["parameter_group_name"] == "shop-staging-postgres15"
        assert (replica["storage_encrypted"], replica["performance_insights_enabled"]) == (True, True)
        assert replica["monitoring_interval"] == 60
        assert f'aws_cloudwatch_log_group.replica["{number}-postgresql"]' in planned
    role = planned["aws_iam_role_policy_attachment.monitoring[0]"]
    assert role["policy_arn"].endswith("AmazonRDSEnhancedMonitoringRole")


def test_replicas_of_a_source_without_backups_are_refused(database: Module) -> None:
    words = database.refusal(DATABASE | {"read_replicas": 1, "backup": {"retention_days": 0}})

    assert "Read replicas need automated backups: backup.retention_days of 1 or more." in words


def test_redis_is_encrypted_and_lets_nobody_in_without_a_password(cache: Module) -> None:
    planned = cache.plan(CACHE)

    group = planned["aws_elasticache_replication_group.this"]
    assert group["num_cache_clusters"] == 1
    assert (group["transit_encryption_enabled"], group["at_rest_encryption_enabled"]) == (True, "true")
    default = planned["aws_elasticache_user.default"]
    assert (default["user_name"], default["access_string"]) == ("default", "off -@all")
    members = planned["aws_elasticache_user_group.this"]["user_ids"]
    assert sorted(members) == ["shop-staging-application", "shop-staging-default"]


def test_cloudformation_reads_the_password_of_redis_itself(cache: Module) -> None:
    user = json.loads(cache.plan(CACHE)["aws_cloudformation_stack.user"]["template_body"])["Resources"]["User"]

    reference = "{{resolve:secretsmanager:${SecretArn}:SecretString:::${VersionId}}}"
    assert user["Properties"]["Passwords"] == [{"Fn::Sub": reference}]


@pytest.mark.parametrize(("version", "family"), [("6.2", "redis6.x"), ("7.1", "redis7")])
def test_redis_has_the_parameters_of_its_version(cache: Module, version: str, family: str) -> None:
    planned = cache.plan(CACHE | {"engine_version": version})

    assert planned["aws_elasticache_parameter_group.this"]["family"] == family


def test_redis_in_cluster_mode_has_shards_with_replicas(cache: Module) -> None:
    planned = cache.plan(CACHE | {"cluster_mode": True, "shards": 2, "replicas": 1, "automatic_failover": True})

    group = planned["aws_elasticache_replication_group.this"]
    assert (group["num_node_groups"], group["replicas_per_node_group"]) == (2, 1)
    assert parameters(planned)["cluster-enabled"] == "yes"


def test_long_names_keep_within_the_limits_of_redis_users(cache: Module) -> None:
    group = cache.plan(CACHE | {"name": "a-system-with-quite-a-long-name-staging"})["aws_elasticache_user_group.this"]

    assert max(map(len, [group["user_group_id"], *group["user_ids"]])) <= 40


def test_secrets_lie_where_they_were_asked_for_and_show_no_value(secrets: Module) -> None:
    planned = secrets.plan(
        {
            "secrets": {
                "key": {"name": "shop/staging/key", "kind": "generated"},
                "token": {"name": "shop/staging/token", "kind": "external"},
                "salt": {"name": "shop/salt", "kind": "generated", "store": "parameter_store"},
                "level": {"name": "shop/level", "kind": "plain", "store": "parameter_store", "value": "info"},
            }
        }
    )

    assert planned['aws_secretsmanager_secret.this["key"]']["name"] == "shop/staging/key"
    assert 'aws_secretsmanager_secret_version.this["token"]' not in planned, "a person fills it"
    salt, level = planned['aws_ssm_parameter.secret["salt"]'], planned['aws_ssm_parameter.plain["level"]']
    assert (salt["name"], salt["type"], salt["value_wo"]) == ("/shop/salt", "SecureString", None)
    assert (level["type"], level["value"]) == ("String", "info")


def test_a_secret_of_an_unknown_kind_is_refused(secrets: Module) -> None:
    assert "kind must be generated," in secrets.refusal({"secrets": {"key": {"name": "key", "kind": "guessed"}}})
