"""AWS for adapters: one session per environment's account, errors as values that say whether to try again."""

from controlplane.lib.aws.errors import AwsError, calling_aws
from controlplane.lib.aws.session import Account, client, read_descriptions

__all__ = ["Account", "AwsError", "calling_aws", "client", "read_descriptions"]
