"""Exports the newest automated snapshot of a database to S3 (Parquet files), by RDS itself.

SETTINGS: {"database": ID, "bucket": NAME, "prefix": TEXT, "role": ARN, "key": ARN}. Returns the task's identifier.
Raises LookupError where there is no snapshot yet. Called twice for one snapshot, RDS refuses the second time.
"""

import json
import os

import boto3


def handler(event, context):
    settings = json.loads(os.environ["SETTINGS"])
    rds = boto3.client("rds")
    pages = rds.get_paginator("describe_db_snapshots").paginate(
        DBInstanceIdentifier=settings["database"], SnapshotType="automated"
    )
    snapshots = [snapshot for page in pages for snapshot in page["DBSnapshots"] if snapshot["Status"] == "available"]
    if not snapshots:
        raise LookupError(f"{settings['database']} has no automated snapshot yet")
    newest = max(snapshots, key=lambda snapshot: snapshot["SnapshotCreateTime"])
    task = f"{settings['database']}-{newest['SnapshotCreateTime']:%Y-%m-%d-%H-%M}"
    rds.start_export_task(
        ExportTaskIdentifier=task,
        SourceArn=newest["DBSnapshotArn"],
        S3BucketName=settings["bucket"],
        S3Prefix=settings["prefix"],
        IamRoleArn=settings["role"],
        KmsKeyId=settings["key"],
    )
    return task
