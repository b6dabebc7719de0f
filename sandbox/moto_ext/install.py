"""Puts every extension in its place."""

from sandbox.moto_ext import (
    apigateway,
    applicationautoscaling,
    autoscaling,
    backup,
    budgets,
    cloudfront,
    cloudfront_policies,
    cloudwatch,
    cognitoidentity,
    cognitoidp,
    costexplorer,
    ec2,
    ecr,
    efs,
    elasticache,
    elbv2,
    iam,
    logs,
    rds,
    s3,
    secretsmanager,
    sns,
    xray,
)

_EXTENSIONS = (
    apigateway,
    applicationautoscaling,
    autoscaling,
    backup,
    budgets,
    cloudfront,
    cloudfront_policies,
    cloudwatch,
    cognitoidentity,
    cognitoidp,
    costexplorer,
    ec2,
    ecr,
    efs,
    elasticache,
    elbv2,
    iam,
    logs,
    rds,
    s3,
    secretsmanager,
    sns,
    xray,
)


def install() -> None:
    """Put every extension in place. Call once, before the first request."""
    for extension in _EXTENSIONS:
        extension.install()
