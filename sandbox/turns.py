"""Whose turn it is: moto's backends are plain dictionaries, which no change and no reader may meet half-way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from sandbox.ecs import engine
from sandbox.requests import AwsRequest

T = TypeVar("T")
LOOKS = 20
_MET_A_CHANGE = "changed size during iteration"
"""What Python says to whoever walks through a dictionary or a set while another thread adds to it."""

OVERTAKING_SECONDS = 0.05


class Turns:
    """The locks of one sandbox. `engine_lock` holds still what the ECS engine moves by itself."""

    def __init__(self, engine_lock: threading.RLock) -> None:
        self._engine_lock = engine_lock
        self._changing = threading.RLock()

    @contextmanager
    def of(self, aws: AwsRequest) -> Iterator[None]:
        """Changes come one after the other; S3's do not, whose bodies come as fast as their clients send them."""
        with ExitStack() as held:
            if aws.mutating and aws.service != "s3":
                held.enter_context(self._changing)
            if aws.service in engine.SERVICES:
                held.enter_context(self._engine_lock)
            yield


def looked_again(aws: AwsRequest, answer: Callable[[], T]) -> T:
    """The answer; to a call that only reads, asked again where it met a change half-way."""
    for _ in range(0 if aws.mutating else LOOKS):
        try:
            return answer()
        except RuntimeError as error:
            if _MET_A_CHANGE not in str(error):
                raise
    return answer()


def overtaking_seconds(aws: AwsRequest, environ: Mapping[str, Any], took: float) -> float:
    """How much longer an answer waits, so that it does not overtake the client that still writes the question.

    AWS's SDK for Go closes the body that it sends as soon as the answer's head is there. Before smithy-go returned 0
    instead of an end of file to net/http's last look at that body (`safeWriteToReadCloser.WriteTo`), the connection was
    given up then, and the change asked for again. AWS is far enough away; a sandbox on the same, busy machine is not.
    """
    speaks_go = "aws-sdk-go-v2" in environ.get("HTTP_USER_AGENT", "")
    return max(0.0, OVERTAKING_SECONDS - took) if speaks_go and aws.mutating else 0.0
