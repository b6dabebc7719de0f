"""What the AWS provider asks of stores of data and moto lacks: users of Redis, rotation, copies, policies of files."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, start_sandbox
from tests.terraform_fixture import SOURCE

ROLE = "arn:aws:iam::123456789012:role/copies"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


def test_a_group_of_redis_users_needs_a_default_user(sandbox: SandboxProcess) -> None:
    redis = sandbox.client("elasticache")
    redis.create_user(
        UserId="app", UserName="app", Engine="redis", AccessString="on ~* +@all", Passwords=["sixteen-characters"]
    )
    with pytest.raises(ClientError, match="whose name is default"):
        redis.create_user_group(UserGroupId="group", Engine="redis", UserIds=["app"])

    redis.create_user(
        UserId="off", UserName="default", Engine="redis", AccessString="off -@all", NoPasswordRequired=True
    )
    redis.create_user_group(UserGroupId="group", Engine="redis", UserIds=["app", "off"])
    redis.create_replication_group(
        ReplicationGroupId="cache",
        ReplicationGroupDescription="-",
        CacheNodeType="cache.t3.micro",
        UserGroupIds=["group"],
    )

    group = redis.describe_user_groups(UserGroupId="group")["UserGroups"][0]
    assert (group["UserIds"], group["ReplicationGroups"]) == (["app", "off"], ["cache"])
    redis.modify_user_group(UserGroupId="group", UserIdsToRemove=["app"])
    assert redis.describe_user_groups(UserGroupId="group")["UserGroups"][0]["UserIds"] == ["off"]
    redis.delete_user_group(UserGroupId="group")
    with pytest.raises(ClientError, match="not found"):
        redis.describe_user_groups(UserGroupId="group")


def test_cloudformation_makes_a_redis_user_whose_password_it_reads_itself(sandbox: SandboxProcess) -> None:
    secret = sandbox.client("secretsmanager").create_secret(Name="redis", SecretString="twenty-four-long-password")
    template = {
        "Parameters": {"Secret": {"Type": "String"}, "Version": {"Type": "String"}},
        "Resources": {
            "User": {
                "Type": "AWS::ElastiCache::User",
                "Properties": {
                    "UserId": "made",
                    "UserName": "made",
                    "Engine": "redis",
                    "AccessString": "on ~* +@all",
                    "Passwords": [{"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:::${Version}}}"}],
                },
            }
        },
    }
    stacks, redis = sandbox.client("cloudformation"), sandbox.client("elasticache")
    values = {"Secret": secret["ARN"], "Version": secret["VersionId"]}
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    stacks.create_stack(StackName="user", TemplateBody=json.dumps(template), Parameters=parameters)

    made = redis.describe_users(UserId="made")["Users"][0]
    assert made["Authentication"] == {"Type": "password", "PasswordCount": 1}

    stacks.delete_stack(StackName="user")
    with pytest.raises(ClientError, match=r"[Uu]ser"):
        redis.describe_users(UserId="made")


def test_a_secret_keeps_its_value_while_its_rotation_is_set_up(sandbox: SandboxProcess) -> None:
    secrets, functions = sandbox.client("secretsmanager"), sandbox.client("cloudformation")
    secret = secrets.create_secret(Name="rotated", SecretString="value")["ARN"]
    role = sandbox.client("iam").create_role(RoleName="rotates", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "rotates",
            "Handler": "index.handler",
            "Runtime": "python3.13",
            "Role": role,
            "Code": {"ZipFile": "def handler(event, context): pass"},
        },
    }
    functions.create_stack(StackName="rotates", TemplateBody=json.dumps({"Resources": {"Function": function}}))
    arn = sandbox.client("lambda").get_function(FunctionName="rotates")["Configuration"]["FunctionArn"]

    secrets.rotate_secret(SecretId=secret, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 30})

    described = secrets.describe_secret(SecretId=secret)
    assert (described["RotationEnabled"], described["RotationLambdaARN"]) == (True, arn)
    assert described["RotationRules"]["AutomaticallyAfterDays"] == 30
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "value"
    with pytest.raises(ClientError, match="Resource not found"):
        secrets.rotate_secret(SecretId=secret, RotationLambdaARN=f"{arn}-unknown")


def test_a_vault_has_no_recovery_points_since_nothing_is_backed_up(sandbox: SandboxProcess) -> None:
    backup = sandbox.client("backup")
    backup.create_backup_vault(BackupVaultName="empty")

    assert backup.list_recovery_points_by_backup_vault(BackupVaultName="empty")["RecoveryPoints"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        backup.list_recovery_points_by_backup_vault(BackupVaultName="nobodys")


def test_a_backup_plan_has_selections(sandbox: SandboxProcess) -> None:
    backup = sandbox.client("backup")
    backup.create_backup_vault(BackupVaultName="vault")
    rules = [{"RuleName": "daily", "TargetBackupVaultName": "vault"}]
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": rules})["BackupPlanId"]
    wanted = {"SelectionName": "stores", "IamRoleArn": ROLE, "Resources": ["arn:aws:rds:us-east-1:123456789012:db:a"]}
    selection = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=wanted)["SelectionId"]

    read = backup.get_backup_selection(BackupPlanId=plan, SelectionId=selection)
    assert read["BackupSelection"] == wanted
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection)
    with pytest.raises(ClientError, match="Cannot find Backup selection"):
        backup.get_backup_selection(BackupPlanId=plan, SelectionId=selection)


def test_a_replicated_bucket_says_what_becomes_of_delete_markers(sandbox: SandboxProcess) -> None:
    s3 = sandbox.client("s3")
    for name in ("source-of-copies", "place-of-copies"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "everything",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": "arn:aws:s3:::place-of-copies", "StorageClass": "STANDARD_IA"},
    }
    s3.put_bucket_replication(Bucket="source-of-copies", ReplicationConfiguration={"Role": ROLE, "Rules": [rule]})

    assert s3.get_bucket_replication(Bucket="source-of-copies")["ReplicationConfiguration"]["Rules"] == [rule]


def test_the_policy_of_a_file_system_can_be_taken_away(sandbox: SandboxProcess) -> None:
    files = sandbox.client("efs")
    made = files.create_file_system(CreationToken="files")["FileSystemId"]
    files.put_file_system_policy(FileSystemId=made, Policy='{"Version": "2012-10-17", "Statement": []}')
    files.delete_file_system_policy(FileSystemId=made)

    with pytest.raises(ClientError, match="PolicyNotFound"):
        files.describe_file_system_policy(FileSystemId=made)


def test_the_newest_automated_snapshot_is_exported(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    rds = sandbox.client("rds")
    database = {"Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20}
    rds.create_db_instance(
        DBInstanceIdentifier="app", MasterUsername="app", MasterUserPassword="sixteen-chars-here", **database
    )
    for name, value in {
        "AWS_ENDPOINT_URL": sandbox.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "slipway",
        "AWS_SECRET_ACCESS_KEY": "slipway",
        "SETTINGS": json.dumps(
            {
                "database": "app",
                "bucket": "backups",
                "prefix": "exports",
                "role": ROLE,
                "key": "arn:aws:kms:us-east-1:1:key/1",
            }
        ),
    }.items():
        monkeypatch.setenv(name, value)
    export = runpy.run_path(str(SOURCE / "modules/database_export/export.py"))["handler"]

    task = export({}, None)

    exported = rds.describe_export_tasks(ExportTaskIdentifier=task)["ExportTasks"][0]
    assert (exported["S3Bucket"], exported["S3Prefix"], exported["IamRoleArn"]) == ("backups", "exports", ROLE)
    newest = rds.describe_db_snapshots(DBInstanceIdentifier="app", SnapshotType="automated")["DBSnapshots"][-1]
    assert exported["SourceArn"] == newest["DBSnapshotArn"]
