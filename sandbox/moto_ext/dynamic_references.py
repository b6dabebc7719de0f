"""CloudFormation's dynamic references to secrets, which moto leaves as they stand.

`{{resolve:secretsmanager:ID:SecretString:KEY:STAGE:VERSION}}`; without KEY, the whole value (CloudFormation user guide,
"Get a secret or secret value from Secrets Manager").
"""

from __future__ import annotations

import json
import re

from moto.secretsmanager.models import secretsmanager_backends

_SECRET = re.compile(
    r"\{\{resolve:secretsmanager:(?P<id>.+):SecretString:(?P<key>[^:]*):(?P<stage>[^:]*):(?P<version>[^:}]*)\}\}"
)


def resolved(text: str, account_id: str, region_name: str) -> str:
    """The secret that a text refers to, or the text itself. Raises what Secrets Manager does, and KeyError."""
    match = _SECRET.fullmatch(text)
    if match is None:
        return text
    secrets = secretsmanager_backends[account_id][region_name]
    value = str(secrets.get_secret_value(match["id"], match["version"], match["stage"])["SecretString"])
    return str(json.loads(value)[match["key"]]) if match["key"] else value
