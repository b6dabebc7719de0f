"""What one request or job is called, from the browser to the worker's log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

_request_id: ContextVar[str] = ContextVar("request_id", default="-")


def request_id() -> str:
    """The id of the request that is being served, also inside the jobs that it enqueued; "-" outside."""
    return _request_id.get()


def new_request_id() -> str:
    return str(uuid4())


@contextmanager
def serving(identifier: str) -> Iterator[None]:
    """Everything inside the block belongs to the request `identifier`."""
    token = _request_id.set(identifier)
    try:
        yield
    finally:
        _request_id.reset(token)


class RequestIdFilter(logging.Filter):
    """Gives every log record the id of its request."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id()
        return True
