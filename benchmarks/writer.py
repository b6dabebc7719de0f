"""What a worker does with a program's output: `python -m benchmarks.writer STREAM_ID LINES LINES_PER_SECOND`."""

import os
import sys
from pathlib import Path

import django

django.setup()

from benchmarks import emitter
from controlplane.core.models import OutputStream
from controlplane.core.services import output
from controlplane.lib.process import Command, Process


def main(stream_id: str, lines: str, rate: str) -> None:
    writer = output.OutputWriter(OutputStream.objects.get(pk=stream_id))
    command = Command((sys.executable, "-IS", emitter.__file__, lines, rate), Path.cwd(), os.environ)
    ended = Process(command).run(
        lambda data: writer.feed(data.decode("utf-8", "replace")), has_room=writer.wait_for_room
    )
    writer.close()
    output.close_stream(OutputStream.objects.get(pk=stream_id).pk)
    if not ended.ok:
        sys.exit(f"the emitter ended with {ended.code}")


if __name__ == "__main__":
    main(*sys.argv[1:])
