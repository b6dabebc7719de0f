"""Job output: stored first (ordered compressed chunks), shown second. Reading back starts after any line."""

import logging
import threading
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from controlplane.core.models import OutputChunk, OutputStream, System
from controlplane.lib import clock, live
from controlplane.lib.database import patiently
from controlplane.lib.redact import Redactor

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.05
FLUSH_BYTES = 64 * 1024
COMPACT_BYTES = 256 * 1024
COMPACT_LINES = 5_000
"""A chunk is read whole: one of very repetitive lines would be small when stored and huge when read."""
LONGEST_LINE = 16 * 1024
ROOM_BYTES = 1024 * 1024
ROOM_LINES = 10_000
"""What a writer keeps in memory while the database does not take it: as much again may be on its way there."""
PATIENCE_SECONDS = 120.0
"""How long a writer waits for a database that is away."""


@dataclass(frozen=True)
class Line:
    """One line: its number from 1, when it came (milliseconds since the epoch, UTC), its text."""

    number: int
    at_ms: int
    text: str


def open_stream(system: System, subject: tuple[str, UUID], name: str) -> OutputStream:
    """The subject's stream of this name, made if it is new; a closed one is opened again."""
    stream, created = OutputStream.objects.get_or_create(
        subject_kind=subject[0], subject_id=subject[1], name=name, defaults={"system": system}
    )
    if not created and stream.closed_at is not None:
        OutputStream.objects.filter(pk=stream.pk).update(closed_at=None)
    return stream


def topic_of(stream_id: UUID) -> str:
    return f"output:{stream_id}"


def encode(lines: Iterable[tuple[int, str]]) -> bytes:
    """Compresses (milliseconds, text) pairs into a chunk's data."""
    return zlib.compress("".join(f"{at}\t{text}\n" for at, text in lines).encode(), 1)


def rows(chunk: OutputChunk) -> list[tuple[int, str]]:
    """A chunk's lines as (milliseconds, text) pairs; the first is line `chunk.first_line`."""
    pairs = (row.partition("\t") for row in zlib.decompress(bytes(chunk.data)).decode().split("\n")[:-1])
    return [(int(at), text) for at, _, text in pairs]


def decode(chunk: OutputChunk) -> list[Line]:
    """A chunk's lines, numbered."""
    return [Line(number, at, text) for number, (at, text) in enumerate(rows(chunk), start=chunk.first_line)]


def chunks_after(stream_id: UUID, after: int, limit: int = 64) -> list[OutputChunk]:
    """The chunks that hold lines after number `after`, in order."""
    return list(OutputChunk.objects.filter(stream_id=stream_id, last_line__gt=after).order_by("first_line")[:limit])


def lines_after(stream_id: UUID, after: int = 0, limit: int = 1000) -> list[Line]:
    """At most `limit` lines after number `after`."""
    lines: list[Line] = []
    while len(lines) < limit:
        chunks = chunks_after(stream_id, after, 16)
        if not chunks:
            break
        lines += [line for chunk in chunks for line in decode(chunk) if line.number > after]
        after = chunks[-1].last_line
    return lines[:limit]


def last_line(stream_id: UUID) -> int:
    """The number of the newest line; 0 where there is none."""
    found = OutputChunk.objects.filter(stream_id=stream_id).aggregate(last=Max("last_line"))["last"]
    return int(found or 0)


class OutputWriter:
    """Writes a stream's lines: redacted, batched (50 ms or 64 KiB), committed, then rung.

    A thread of its own flushes, so that `feed` never waits for the database; who feeds from a pipe asks
    `wait_for_room` before each read, and memory has a bound. A database that is away is waited for; `close`
    stores the rest. An error that stays (a full disk, another writer) is raised by the next call.
    """

    def __init__(self, stream: OutputStream, redactor: Redactor | None = None) -> None:
        self._stream, self._redactor = stream, redactor or Redactor()
        self._next = last_line(stream.pk) + 1
        self._partial = ""
        self._pending: list[tuple[int, str]] = []
        self._bytes = 0
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._closing = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._flush_loop, name="output-writer", daemon=True)
        self._thread.start()

    def feed(self, text: str) -> None:
        """Adds raw text; lines may come in pieces."""
        with self._lock:
            self._add(self._redactor.feed(text))

    def line(self, text: str) -> None:
        """Adds one whole line of Slipway's own."""
        with self._lock:
            self._add(self._redactor.feed(text + "\n"))

    def wait_for_room(self, seconds: float) -> bool:
        """Whether more should be fed; waits at most so long for it. After an error it should: feeding then raises."""
        with self._lock:
            return self._room.wait_for(self._has_room, seconds)

    def _has_room(self) -> bool:
        return self._error is not None or (self._bytes < ROOM_BYTES and len(self._pending) < ROOM_LINES)

    def _add(self, text: str) -> None:
        if self._error:
            raise self._error
        *whole, self._partial = (self._partial + text).split("\n")
        if len(self._partial) > LONGEST_LINE:
            whole.append(self._partial)
            self._partial = ""
        if not whole:
            return
        at = int(clock.now().timestamp() * 1000)
        self._pending += [(at, line.rstrip("\r")) for line in whole]
        self._bytes += sum(map(len, whole))
        self._wake.notify()

    def close(self) -> None:
        """Stores everything and says that nothing more will come from this writer."""
        with self._lock:
            self._add(self._redactor.flush())
            if self._partial:
                self._add("\n")
            self._closing = True
            self._wake.notify()
        self._thread.join()
        if self._error:
            raise self._error

    def _flush_loop(self) -> None:
        try:
            while True:
                with self._wake:
                    self._wake.wait_for(lambda: self._pending or self._closing)
                    if not self._closing and self._bytes < FLUSH_BYTES:
                        self._wake.wait_for(lambda: self._bytes >= FLUSH_BYTES or self._closing, FLUSH_SECONDS)
                    lines, self._pending, self._bytes = self._pending, [], 0
                    self._room.notify_all()
                    closing = self._closing
                if lines:
                    self._store(lines)
                if closing and not self._pending:
                    return
        except Exception as error:
            log.exception("output of stream %s is not stored", self._stream.pk)
            with self._lock:
                self._error = error
                self._room.notify_all()
        finally:
            connection.close()

    def _store(self, lines: list[tuple[int, str]]) -> None:
        chunk = OutputChunk(
            stream=self._stream,
            first_line=self._next,
            last_line=self._next + len(lines) - 1,
            data=encode(lines),
        )
        patiently(partial(insert_once, chunk), PATIENCE_SECONDS)
        self._next += len(lines)
        live.ring(topic_of(self._stream.pk))


def insert_once(chunk: OutputChunk) -> None:
    """Inserts the chunk, unless it is there: of an earlier try only the answer may have been lost."""
    try:
        chunk.save(force_insert=True)
    except IntegrityError:
        there = OutputChunk.objects.filter(stream_id=chunk.stream_id, first_line=chunk.first_line).first()
        if there is None or bytes(there.data) != chunk.data:
            raise


def close_stream(stream_id: UUID) -> None:
    """Says that the stream is complete: readers end there, small chunks are compacted by the sweep."""
    OutputStream.objects.filter(pk=stream_id, closed_at__isnull=True).update(closed_at=clock.now())
    live.ring(topic_of(stream_id))


def compact(stream_id: UUID) -> None:
    """Rewrites a closed stream's many small chunks as few large ones."""
    with transaction.atomic():
        batch: list[OutputChunk] = []
        size = 0
        for chunk in OutputChunk.objects.filter(stream_id=stream_id).order_by("first_line"):
            batch.append(chunk)
            size += len(chunk.data)
            if size >= COMPACT_BYTES or chunk.last_line - batch[0].first_line >= COMPACT_LINES:
                _merge(batch)
                batch, size = [], 0
        _merge(batch)
        OutputStream.objects.filter(pk=stream_id).update(compacted_at=clock.now())


def _merge(batch: list[OutputChunk]) -> None:
    if len(batch) < 2:
        return
    data = encode((line.at_ms, line.text) for chunk in batch for line in decode(chunk))
    first, last = batch[0], batch[-1]
    OutputChunk.objects.filter(pk__in=[chunk.pk for chunk in batch[1:]]).delete()
    OutputChunk.objects.filter(pk=first.pk).update(last_line=last.last_line, data=data)
