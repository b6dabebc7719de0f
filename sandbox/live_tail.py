"""StartLiveTail: what is written to log groups, as it is written, over botocore's event stream.

The stream goes past moto, which answers whole bodies only. A session sends an update every real second, as AWS
does, with 500 events at most, and ends after three hours or with its client.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from moto.iam.models import get_account_id_from
from moto.logs.exceptions import InvalidParameterException, LogsClientError
from moto.logs.models import logs_backends
from werkzeug.wrappers import Response

from sandbox import ACCOUNT_ID, DEFAULT_REGION
from sandbox.eventstream import CONTENT_TYPE, event
from sandbox.log_patterns import PatternInvalid, parse_pattern
from sandbox.requests import AwsRequest, refusal

_SCOPE = re.compile(r"Credential=[^/]+/[^/]+/([^/]+)/")
_UPDATE_EVERY = 1.0
_LONGEST = 3 * 3_600.0
_MOST_EVENTS = 500
_MOST_GROUPS = 10


class Session:
    """One live tail, checked at once: raises moto's Logs errors for what cannot be followed."""

    def __init__(self, account: str, region: str, asked: Mapping[str, Any]) -> None:
        self._asked = asked
        self._names = set(asked.get("logStreamNames") or [])
        self._prefixes = tuple(asked.get("logStreamNamePrefixes") or [])
        identifiers = asked.get("logGroupIdentifiers") or []
        if not 1 <= len(identifiers) <= _MOST_GROUPS:
            raise InvalidParameterException(msg=f"logGroupIdentifiers takes 1 to {_MOST_GROUPS} log groups.")
        if self._names and self._prefixes:
            raise InvalidParameterException(msg="Only one of logStreamNames or logStreamNamePrefixes can be provided.")
        if (self._names or self._prefixes) and len(identifiers) > 1:
            raise InvalidParameterException(
                msg="logStreamNames and logStreamNamePrefixes can only be used with a single log group."
            )
        try:
            self._pattern = parse_pattern(asked.get("logEventFilterPattern") or "")
        except PatternInvalid as error:
            raise InvalidParameterException(msg=str(error)) from error
        backend: Any = logs_backends[account][region]
        self._groups = [backend.group_of(identifier) for identifier in identifiers]
        self._seen = {id(stream): stream.arrived for _, stream in self._streams()}

    def frames(self) -> Iterator[bytes]:
        """The answer's body. The first frame tells JSON clients that the stream begins."""
        yield event("initial-response", {})
        yield event("sessionStart", self._start())
        until = time.monotonic() + _LONGEST
        while time.monotonic() < until:
            time.sleep(_UPDATE_EVERY)
            yield event("sessionUpdate", self._update())

    def _start(self) -> dict[str, Any]:
        return {
            "requestId": str(uuid4()),
            "sessionId": str(uuid4()),
            "logGroupIdentifiers": [group.arn for group in self._groups],
            "logStreamNames": sorted(self._names),
            "logStreamNamePrefixes": list(self._prefixes),
            "logEventFilterPattern": self._asked.get("logEventFilterPattern") or "",
        }

    def _update(self) -> dict[str, Any]:
        found = []
        for group, stream in self._streams():
            before, self._seen[id(stream)] = self._seen.get(id(stream), 0), stream.arrived
            found += [
                {
                    "logGroupIdentifier": group.arn,
                    "logStreamName": stream.log_stream_name,
                    "message": each.message,
                    "timestamp": each.timestamp,
                    "ingestionTime": each.ingestion_time,
                }
                for each in stream.since(before)
                if self._pattern.matches(each.message)
            ]
        found.sort(key=lambda each: each["timestamp"])
        return {
            "sessionMetadata": {"sampled": len(found) > _MOST_EVENTS},
            "sessionResults": found[:_MOST_EVENTS],
        }

    def _streams(self) -> Iterator[tuple[Any, Any]]:
        for group in self._groups:
            for name, stream in list(group.streams.items()):
                if (not self._names or name in self._names) and name.startswith(self._prefixes or ("",)):
                    yield group, stream


def answer(aws: AwsRequest, environ: dict[str, Any]) -> Response:
    """The stream that a StartLiveTail request asks for, or why it is refused."""
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    try:
        account = get_account_id_from(aws.access_key) if aws.access_key else ACCOUNT_ID
        session = Session(account, scope[1] if scope else DEFAULT_REGION, json.loads(aws.body or b"{}"))
    except LogsClientError as error:
        return refusal(aws, error.error_type, error.message, 400, environ)
    return Response(session.frames(), 200, {"content-type": CONTENT_TYPE})
