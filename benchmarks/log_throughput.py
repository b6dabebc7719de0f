"""How fast a long log reaches 20 viewers whole, from the program's first write to the last viewer's last line."""

import time
from uuid import uuid4

import django

django.setup()

from benchmarks.emitter import FILLER
from benchmarks.report import Figure, hand_over, tell
from benchmarks.watched import watch
from controlplane.core.models import OutputStream, System
from controlplane.core.services import output

LINES = 200_000
VIEWERS = 20
FED_AT_ONCE = 500


def stored_only(system: System) -> float:
    """Lines a second that an OutputWriter stores where nobody watches."""
    writer = output.OutputWriter(output.open_stream(system, ("bench", uuid4()), "terraform"))
    started = time.perf_counter()
    for first in range(1, LINES + 1, FED_AT_ONCE):
        writer.feed("".join(f"{time.time_ns()} {number} {FILLER}\n" for number in range(first, first + FED_AT_ONCE)))
    writer.close()
    return LINES / (time.perf_counter() - started)


def first_written_at(stream: OutputStream) -> float:
    """When the program wrote its first line: the line says so itself."""
    return int(output.lines_after(stream.pk, 0, 1)[0].text.partition(" ")[0]) / 1e9


def main() -> None:
    floor = stored_only(System.objects.get(slug="tvmaze-ingestion"))
    seen = watch(lines=LINES, rate=0, viewers=VIEWERS, latencies=False)
    seen.must_be_whole(LINES)
    seconds = seen.last_at - first_written_at(seen.stream)
    tell(f"  {sum(seen.lines):,} lines in {seconds:.1f} s")
    hand_over(
        [
            Figure(
                f"log of {LINES:,} lines to {VIEWERS} viewers",
                round(LINES / seconds),
                "lines/s",
                round(floor),
                "stored, nobody watches",
                detail={"received": f"{sum(seen.lines):,} of {LINES * VIEWERS:,}, none lost, none twice, all in order"},
            )
        ]
    )


if __name__ == "__main__":
    main()
