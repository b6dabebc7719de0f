"""`python -m benchmarks`: measures, prints a table, writes `var/bench.json`. Exit status 1 where a goal is missed."""

import json
import os
import platform
import signal
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from benchmarks.report import Figure, table, taken_over, tell
from benchmarks.world import REPOSITORY, world

MEASUREMENTS = ("plan_overhead", "log_latency", "log_throughput", "sandbox_fleet", "sandbox_proxy")
NOISE = (
    "A small, shared machine: trust ratios and losses more than absolute figures, and repeat before you conclude. "
    "Each figure stands beside its floor: the same work without Slipway, here and now."
)


def main(names: list[str]) -> int:
    if unknown := set(names) - set(MEASUREMENTS):
        print(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    # So that `finally` ends what we started.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    figures: list[Figure] = []
    with world() as environment:
        for name in names or MEASUREMENTS:
            tell(f"measuring {name.replace('_', ' ')} …")
            measured = subprocess.run(
                [sys.executable, "-m", f"benchmarks.{name}"],
                cwd=REPOSITORY,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            figures += taken_over(measured.stdout)
    path = REPOSITORY / "var" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    machine: dict[str, Any] = {"cpus": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()}
    path.write_text(
        json.dumps(
            {
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "machine": machine,
                "figures": [asdict(figure) for figure in figures],
            },
            indent=1,
        )
        + "\n"
    )
    print(f"\n{table(figures)}\n\n{NOISE}\n{machine['cpus']} CPUs, load {machine['load'][0]:.1f}. Written to {path}")
    return int(any(figure.verdict.startswith("MISSES") for figure in figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
