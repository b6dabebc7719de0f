"""Reads single values from Secrets Manager and Parameter Store, for variables that are never stored."""

from controlplane.lib.aws import Account, calling_aws, client


def read(account: Account, store: str, name: str) -> str:
    """The value of one entry; `store`: secrets_manager or parameter_store. Raises AwsError."""
    if store == "parameter_store":
        with calling_aws("ssm:GetParameter"):
            found = client("ssm", account).get_parameter(Name=name, WithDecryption=True)
        return str(found["Parameter"]["Value"])
    with calling_aws("secretsmanager:GetSecretValue"):
        return str(client("secretsmanager", account).get_secret_value(SecretId=name)["SecretString"])
