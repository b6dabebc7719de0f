"""The bell: RQ carries "look at this row now", and losing it loses nothing (the scheduler rings again)."""

import importlib
import logging
import os
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

import django_rq
from django.conf import settings
from django.db import close_old_connections, transaction
from django.utils.module_loading import import_string
from redis.exceptions import RedisError
from rq import Worker as RQWorker
from rq import get_current_job

from controlplane.lib import context
from controlplane.lib.guard.kernel import die_with_parent

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


def new_job_id() -> str:
    """Made before enqueueing, so that the row can own it."""
    return str(uuid4())


def enqueue_on_commit(queue: str, path: str, *args: str, job_id: str | None = None) -> None:
    """Enqueues the function at the dotted `path` once the transaction is committed.

    A broken Redis is logged and otherwise ignored: the row says what should run, and the sweeps find it.
    """
    identifier, request = job_id or new_job_id(), context.request_id()
    transaction.on_commit(lambda: enqueue(queue, path, *args, job_id=identifier, request=request))


def enqueue(queue: str, path: str, *args: str, job_id: str | None = None, request: str | None = None) -> bool:
    """Enqueues now; False where Redis does not answer. Arguments are ids, never values."""
    try:
        django_rq.get_queue(queue).enqueue_call(
            path,
            args=args,
            job_id=job_id or new_job_id(),
            meta={"request_id": request or context.request_id()},
            result_ttl=0,
            failure_ttl=86_400,
        )
    except RedisError as error:
        log.warning("not queued, the scheduler will try again: %s%s: %s", path, args, error)
        return False
    return True


def is_known(queue: str, job_id: str) -> bool:
    """Whether the queue will run or is running the job. True where Redis does not answer: ringing would be no use."""
    try:
        job = django_rq.get_queue(queue).fetch_job(job_id)
        return job is not None and job.get_status(refresh=False) in {"queued", "started", "deferred", "scheduled"}
    except RedisError:
        return True


def job(function: Callable[P, R]) -> Callable[P, R]:
    """Marks a function as a job: fresh database connections, and the request id that asked for it."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        current = get_current_job()
        request = current.meta.get("request_id") if current else None
        with context.serving(request or context.new_request_id()):
            close_old_connections()
            return function(*args, **kwargs)

    return run


class Worker(RQWorker):
    """RQ's worker whose work-horse dies with it: an orphan must not go on with a claim that others may take."""

    def work(self, *args: Any, **kwargs: Any) -> bool:
        # Jobs' modules are read, and what they look up is found, once here instead of in every forked work-horse.
        for module in settings.SLIPWAY_PRELOAD:
            importlib.import_module(module)
        for name in self.queue_names():
            if warm_up := settings.SLIPWAY_WARM_UP.get(name):
                import_string(warm_up)()
        return bool(super().work(*args, **kwargs))

    def main_work_horse(self, job: Any, queue: Any) -> None:
        die_with_parent(os.getppid())
        super().main_work_horse(job, queue)
