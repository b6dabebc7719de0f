"""Rotates secrets for Secrets Manager, in its four steps: createSecret, setSecret, testSecret, finishSecret.

SETTINGS: {SECRET_ARN: {"password": ARN, "length": N, "followers": [ARN, ...], "database"?: ID, "redis_user"?: ID}}.
`password` is the secret that holds the bare password, which the rotated secret and its followers (connection strings,
in Secrets Manager or Parameter Store) contain; it is SECRET_ARN itself where nothing is composed.

No database client is needed: RDS and ElastiCache set passwords by their own APIs. Passwords have letters and digits
only, so they stand unescaped in URLs and JSON, and replacing the old one by the new one is all that composing takes.
"""

import json
import os
import time

import boto3

WAIT_SECONDS = 5
WAITS = 120
# Labels beside AWS's own. A version without any label is discarded by and by; Terraform's must stay, or its next plan
# would write the secret again.
ROTATED, TERRAFORM = "SLIPWAY_ROTATED", "SLIPWAY_TERRAFORM"


def handler(event, context):
    secret, token = event["SecretId"], event["ClientRequestToken"]
    manager = boto3.client("secretsmanager")
    described = manager.describe_secret(SecretId=secret)
    rule = json.loads(os.environ["SETTINGS"])[described["ARN"]]
    if "AWSCURRENT" in described["VersionIdsToStages"].get(token, []):
        return  # this rotation was finished before
    steps = {"createSecret": create, "setSecret": apply, "testSecret": test, "finishSecret": finish}
    steps[event["Step"]](manager, described["ARN"], token, rule)


def create(manager, secret, token, rule):
    """The new password as the pending version of `password`, and of the rotated secret with it inside."""
    old = current(manager, rule["password"])
    new = pending(manager, rule["password"], token)
    if new is None:
        new = manager.get_random_password(PasswordLength=rule["length"], ExcludePunctuation=True)["RandomPassword"]
        put_pending(manager, rule["password"], token, new)
    if secret != rule["password"] and pending(manager, secret, token) is None:
        put_pending(manager, secret, token, current(manager, secret).replace(old, new))


def apply(manager, secret, token, rule):
    """The new password where it is asked for. Redis takes two, so that running tasks keep theirs until the next."""
    new = pending(manager, rule["password"], token)
    if "database" in rule:
        boto3.client("rds").modify_db_instance(
            DBInstanceIdentifier=rule["database"], MasterUserPassword=new, ApplyImmediately=True
        )
    if "redis_user" in rule:
        passwords = [current(manager, rule["password"]), new]
        boto3.client("elasticache").modify_user(
            UserId=rule["redis_user"], AuthenticationMode={"Type": "password", "Passwords": passwords}
        )


def test(manager, secret, token, rule):
    """Whether AWS says that the password is in force. Raises TimeoutError; Secrets Manager then tries again."""
    for _ in range(WAITS):
        if in_force(rule):
            return
        time.sleep(WAIT_SECONDS)
    raise TimeoutError("the new password is still not in force")


def in_force(rule):
    if "database" in rule:
        found = boto3.client("rds").describe_db_instances(DBInstanceIdentifier=rule["database"])["DBInstances"][0]
        pending_changes = found.get("PendingModifiedValues", {})
        return found["DBInstanceStatus"] == "available" and "MasterUserPassword" not in pending_changes
    if "redis_user" in rule:
        found = boto3.client("elasticache").describe_users(UserId=rule["redis_user"])["Users"][0]
        return found["Status"] == "active"
    return True


def finish(manager, secret, token, rule):
    """Followers first and the rotated secret last: a step that broke off finds what it needs when it is tried again."""
    old, new = current(manager, rule["password"]), pending(manager, rule["password"], token)
    for follower in rule["followers"]:
        follow(manager, follower, token, old, new)
    promote(manager, rule["password"], token)
    promote(manager, secret, token)


def follow(manager, follower, token, old, new):
    if ":ssm:" in follower:
        parameters, name = boto3.client("ssm"), follower.split(":parameter", 1)[1]
        value = parameters.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        if value != value.replace(old, new):
            parameters.put_parameter(Name=name, Value=value.replace(old, new), Type="SecureString", Overwrite=True)
        return
    if pending(manager, follower, token) is None:
        put_pending(manager, follower, token, current(manager, follower).replace(old, new))
    promote(manager, follower, token)


def promote(manager, secret, token):
    """Makes the version `token` the current one."""
    versions = manager.describe_secret(SecretId=secret)["VersionIdsToStages"]
    holders = {stage: version for version, stages in versions.items() for stage in stages}
    former = holders["AWSCURRENT"]
    if former == token:
        return
    if former != holders.get(ROTATED):
        move(manager, secret, TERRAFORM, former, holders.get(TERRAFORM))
    move(manager, secret, ROTATED, token, holders.get(ROTATED))
    move(manager, secret, "AWSCURRENT", token, former)
    if holders.get("AWSPENDING") == token:
        manager.update_secret_version_stage(SecretId=secret, VersionStage="AWSPENDING", RemoveFromVersionId=token)


def move(manager, secret, stage, to, holder):
    release = {"RemoveFromVersionId": holder} if holder else {}
    manager.update_secret_version_stage(SecretId=secret, VersionStage=stage, MoveToVersionId=to, **release)


def current(manager, secret):
    return manager.get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")["SecretString"]


def pending(manager, secret, token):
    """The value of the version `token`; None where it was not written yet."""
    try:
        return manager.get_secret_value(SecretId=secret, VersionId=token)["SecretString"]
    except manager.exceptions.ResourceNotFoundException:
        return None


def put_pending(manager, secret, token, value):
    manager.put_secret_value(
        SecretId=secret, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
    )
