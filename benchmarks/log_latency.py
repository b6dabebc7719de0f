"""From a process's write to the page, at 200 lines a second, with 1 and with 20 viewers."""

import subprocess
import sys
import time

import django

django.setup()

from benchmarks import emitter
from benchmarks.report import Figure, hand_over, percentile, tell
from benchmarks.watched import watch

RATE = 200
LINES = 2000
GOAL_MS = 250.0
GOAL_VIEWERS = 20


def bare() -> list[float]:
    """The same program read through a pipe: milliseconds from its write to our read."""
    argv = [sys.executable, "-IS", emitter.__file__, str(LINES), str(RATE)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout
        return [time.time() * 1000 - int(line.partition(b" ")[0]) / 1e6 for line in process.stdout]


def main() -> None:
    floor = bare()
    figures = []
    for viewers in (1, GOAL_VIEWERS):
        seen = watch(lines=LINES, rate=RATE, viewers=viewers, latencies=True)
        seen.must_be_whole(LINES)
        for share in (0.5, 0.99):
            value = percentile(seen.latencies_ms, share)
            name = f"log latency, {viewers} viewer{'s' * (viewers > 1)}, p{share * 100:.0f}"
            goal = GOAL_MS if (viewers, share) == (GOAL_VIEWERS, 0.99) else None
            beside = percentile(floor, share)
            figures.append(Figure(name, round(value, 2), "ms", round(beside, 3), "a bare pipe", goal))
            tell(f"  {name}: {value:.1f} ms")
    hand_over(figures)


if __name__ == "__main__":
    main()
