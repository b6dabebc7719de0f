"""Maps what botocore raises to one exception that says whether trying again can help."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from controlplane.lib.errors import SlipwayError

TRANSIENT = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ServerException",
        "InternalFailure",
        "InternalError",
        "SlowDown",
    }
)
"""Error codes that botocore's standard retry mode also treats as passing."""


class AwsError(SlipwayError):
    """AWS did not do what was asked. `aws_code` is AWS's own code; `permanent` says that trying again is no use.

    `answered` is False where nothing came back: whether the call was carried out is then not known.
    """

    def __init__(self, call: str, aws_code: str, message: str, *, permanent: bool, answered: bool) -> None:
        super().__init__("AWS_ERROR", f"{call}: {message}", 502, awsCode=aws_code)
        self.aws_code, self.permanent, self.answered = aws_code, permanent, answered


@contextmanager
def calling_aws(call: str) -> Iterator[None]:
    """Wraps the call named `call` ("ecs:UpdateService"); raises AwsError for anything that goes wrong."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        message = error.response.get("Error", {}).get("Message", str(error))
        passing = code in TRANSIENT or status >= 500
        raise AwsError(call, code, f"{code}: {message}", permanent=not passing, answered=status < 500) from error
    except BotoCoreError as error:
        raise AwsError(call, type(error).__name__, str(error), permanent=False, answered=False) from error
