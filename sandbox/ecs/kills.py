"""Tasks that an ordered fault ends: which of them, and how."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from typing import TypeVar

from sandbox.ecs.model import Task
from sandbox.ecs.tasks import begin_stop, exit_container

T = TypeVar("T")
_EXITED = "Essential container in task exited"
_INTERRUPTED = "Your Spot Task was interrupted."


def pick(candidates: Sequence[T], share: float, most: int | None, seed: int) -> list[T]:
    """A share of the candidates, rounded up, `most` at most; the same ones for the same seed and order."""
    count = math.ceil(len(candidates) * share)
    return random.Random(seed).sample(list(candidates), count if most is None else min(count, most))


def killable(tasks: Iterable[Task], *, cluster: str, service: str) -> list[Task]:
    """The running tasks of a service (`*`: any, of any cluster), in an order that does not depend on chance."""
    found = [
        task
        for task in tasks
        if task.last_status == "RUNNING"
        and task.meant_to_run
        and cluster in ("*", task.cluster_name)
        and service in ("*", task.group.removeprefix("service:"))
    ]
    return sorted(found, key=lambda task: (task.cluster_name, task.group, task.created_at))


def kill(task: Task, now: float, exit_code: int) -> None:
    """Every container ends at once with this code, as by a signal from outside."""
    for container in task.containers:
        if container.last_status == "RUNNING":
            exit_container(container, exit_code)
    begin_stop(task, now, "EssentialContainerExited", _EXITED)


def interrupt(task: Task, now: float) -> None:
    """Spot capacity is taken back: the task is drained and stopped, as ECS does with its two minutes' notice."""
    begin_stop(task, now, "SpotInterruption", _INTERRUPTED)
