"""Reading CloudWatch Logs: one stream after another, each from where it was left."""

from dataclasses import dataclass

from controlplane.lib.aws.errors import AwsError, calling_aws
from controlplane.lib.aws.session import Account, client

EVENTS_PER_CALL = 1000


@dataclass(frozen=True)
class LogEvent:
    """One line: milliseconds since the epoch, text."""

    at_ms: int
    text: str


def read_stream(account: Account, group: str, stream: str, position: str = "") -> tuple[list[LogEvent], str]:
    """The next events of a stream, oldest first, and the position after them ("" : the beginning).

    At most EVENTS_PER_CALL. A stream that does not exist (yet) has none. Raises AwsError.
    """
    # GetLogEvents answers the same forward token for ever at the end of a stream, so it serves as a position.
    token = {"nextToken": position} if position else {}
    try:
        with calling_aws("logs:GetLogEvents"):
            answer = client("logs", account).get_log_events(
                logGroupName=group, logStreamName=stream, startFromHead=True, limit=EVENTS_PER_CALL, **token
            )
    except AwsError as error:
        if error.aws_code == "ResourceNotFoundException":
            return [], position
        raise
    events = [LogEvent(event["timestamp"], event["message"]) for event in answer["events"]]
    return events, answer["nextForwardToken"]
