"""The local AWS: its start, a fleet of 200 services x 5 tasks, and how many DescribeServices it answers."""

import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.report import Figure, hand_over, tell
from benchmarks.sandbox_world import Fleet, memory_mib, sandbox

SERVICES, TASKS_EACH = 200, 5
GOAL_START, GOAL_STABLE, GOAL_MEMORY = 3.0, 30.0, 2048.0
STARTS = 3
ASKED_SECONDS = 5.0
# What one task takes by itself, in sandbox seconds at real speed: provisioning and pull (sandbox/ecs/tasks.py).
ONE_TASK = 10.0


def start_seconds() -> float:
    """The best of some starts, from the process's birth to its first answer."""
    best = float("inf")
    for _ in range(STARTS):
        began = time.perf_counter()
        with sandbox():
            best = min(best, time.perf_counter() - began)
    return best


def bare_start_seconds() -> float:
    """Python that only imports moto's server and the service that matters most."""
    best = float("inf")
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import moto.server, moto.ecs.models, moto.iam.models"], check=True)
        best = min(best, time.perf_counter() - began)
    return best


def per_second(ask: Callable[[], object]) -> float:
    """How often one client, asking one time after the other, is answered."""
    began, answers = time.perf_counter(), 0
    while time.perf_counter() - began < ASKED_SECONDS:
        ask()
        answers += 1
    return answers / (time.perf_counter() - began)


def main() -> None:
    figures = [
        Figure(
            "sandbox: start to first answer",
            round(start_seconds(), 2),
            "s",
            round(bare_start_seconds(), 2),
            "python imports moto",
            GOAL_START,
        )
    ]
    with sandbox() as running:
        empty = memory_mib(running.process.pid)
        fleet = Fleet(running)
        fleet.prepare(SERVICES)
        began = time.perf_counter()
        fleet.create(SERVICES, TASKS_EACH)
        created = time.perf_counter() - began
        fleet.wait_until_stable(SERVICES)
        stable = time.perf_counter() - began
        tell(f"  {SERVICES} services x {TASKS_EACH} tasks stable after {stable:.1f} s")
        figures.append(
            Figure(
                f"sandbox: {SERVICES} services x {TASKS_EACH} tasks stable",
                round(stable, 1),
                "s",
                ONE_TASK,
                "a single task, as in AWS",
                GOAL_STABLE,
                {"of that": f"{created:.1f} s for {SERVICES} CreateService, one after the other"},
            )
        )
        figures.append(
            Figure(
                f"sandbox: memory with {SERVICES * TASKS_EACH} tasks",
                round(memory_mib(running.process.pid)),
                "MiB",
                round(empty),
                "the same, empty",
                GOAL_MEMORY,
            )
        )
        names = fleet.names(10)
        described = per_second(lambda: fleet.ecs.describe_services(cluster=fleet.cluster, services=names))
        identity = running.client("sts")
        floor = per_second(identity.get_caller_identity)
        figures.append(
            Figure(
                "sandbox: DescribeServices (10 services)",
                round(described, 1),
                "answers/s",
                round(floor, 1),
                "GetCallerIdentity, same client",
                detail={"with": f"{SERVICES * TASKS_EACH} tasks running"},
            )
        )
    hand_over(figures)


if __name__ == "__main__":
    main()
