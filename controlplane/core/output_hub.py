"""One reader per log and web process, shared by all who watch it.

The reader keeps a window of recent chunks, already encoded for the wire. A viewer holds only the number of the
last line it has; whoever fell behind the window reads the stored chunks until it has caught up. So a slow
viewer is held back, never cut short, and nobody is sent a line twice.
"""

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, TypeVar
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import Error as DatabaseFailed
from django.db import close_old_connections
from redis.exceptions import RedisError

from controlplane.core.models import OutputStream
from controlplane.core.services import output
from controlplane.lib import live

log = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_SECONDS = 0.4
"""The reader looks this often even if no doorbell rings."""
WINDOW_LINES = 20_000
REJOIN_SECONDS = 3600.0
"""Well before the channel layer forgets a group member (86,400 s)."""
LEAVE_SECONDS = 1.0
READ_CHUNKS = 16
"""How many chunks are read at once: a whole log in memory for each viewer who joins late would be too much."""
SHARED_READS = 4

# Threads of its own: all consumers of a process share one otherwise.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="output-reader")


async def _in_thread(function: Callable[..., T], *arguments: Any) -> T:
    def call() -> T:
        close_old_connections()
        return function(*arguments)

    return await asyncio.get_running_loop().run_in_executor(_threads, call)


@dataclass(frozen=True)
class Frame:
    """Consecutive lines, encoded once for all viewers: {"first": N, "lines": [[milliseconds, text], ...]}."""

    first: int
    last: int
    text: str


def _frame(first: int, rows: list[tuple[int, str]]) -> Frame:
    text = json.dumps({"first": first, "lines": rows}, ensure_ascii=False, separators=(",", ":"))
    return Frame(first, first + len(rows) - 1, text)


def _read(stream_id: UUID, after: int) -> list[Frame]:
    """The frames that continue exactly after line `after`."""
    frames = []
    for chunk in output.chunks_after(stream_id, after, READ_CHUNKS):
        known = max(0, after - chunk.first_line + 1)
        frames.append(_frame(chunk.first_line + known, output.rows(chunk)[known:]))
        after = chunk.last_line
    return frames


def _look(stream_id: UUID, after: int) -> tuple[bool, list[Frame]]:
    """Whether the stream is closed, and the frames that continue after line `after`.

    Closed is asked before reading: whatever was written before the close is then surely read.
    """
    closed = not OutputStream.objects.filter(pk=stream_id, closed_at__isnull=True).exists()
    return closed, _read(stream_id, after)


class StreamReader:
    """Reads one stream for its viewers, from the first viewer to the last."""

    def __init__(self, stream_id: UUID) -> None:
        self.stream_id = stream_id
        self.viewers = 0
        self._window: deque[Frame] = deque()
        self._window_lines = 0
        self._head = 0
        self._closed = False
        self._news = asyncio.Event()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._reads: dict[int, asyncio.Task[list[Frame]]] = {}

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        bell = asyncio.Event()
        ringer = asyncio.create_task(self._listen(bell))
        try:
            while True:
                bell.clear()
                try:
                    await self._catch_up()
                except DatabaseFailed as error:
                    log.warning("output %s cannot be read, looking again: %s", self.stream_id, error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), LOOK_SECONDS)
        finally:
            ringer.cancel()
            await asyncio.gather(ringer, return_exceptions=True)

    async def _catch_up(self) -> None:
        """Reads everything that is new."""
        if not self._ready.is_set():
            # The window starts at the end, viewers fetch what is older themselves.
            self._head = await _in_thread(output.last_line, self.stream_id)
            self._ready.set()
        while True:
            closed, frames = await _in_thread(_look, self.stream_id, self._head)
            if not frames:
                break
            self._keep(frames)
        if closed != self._closed:
            self._closed = closed
            self._wake()

    async def _listen(self, bell: asyncio.Event) -> None:
        """Waits for the doorbell; without Redis the reader's own looks go on."""
        layer = get_channel_layer()
        if layer is None:
            return
        group = live.group_of(output.topic_of(self.stream_id))
        while True:
            channel = await layer.new_channel()
            try:
                await layer.group_add(group, channel)
                bell.set()  # it may have rung before we joined
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REJOIN_SECONDS):
                        while True:
                            await layer.receive(channel)
                            bell.set()
            except (RedisError, OSError) as error:
                log.warning("no doorbell for %s: %s", self.stream_id, error)
                await asyncio.sleep(LOOK_SECONDS)
            finally:
                # A member that stays would fill this process's memory with rings that nobody takes.
                with contextlib.suppress(RedisError, OSError):
                    async with asyncio.timeout(LEAVE_SECONDS):
                        await layer.group_discard(group, channel)

    def _keep(self, frames: list[Frame]) -> None:
        for frame in frames:
            self._window.append(frame)
            self._window_lines += frame.last - frame.first + 1
            self._head = frame.last
        while len(self._window) > 1 and self._window_lines > WINDOW_LINES:
            gone = self._window.popleft()
            self._window_lines -= gone.last - gone.first + 1
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, after: int) -> AsyncIterator[Frame | None]:
        """Every line after number `after`, as frames; None once when the stream is closed and all is said."""
        await self._ready.wait()
        said_closed = False
        while True:
            news = self._news
            if after < self._head:
                frames = await self._frames_after(after)
                if not frames:
                    yield None  # the stream was deleted
                    return
                for frame in frames:
                    yield frame
                    after = frame.last
                said_closed = False
                continue
            if self._closed != said_closed:
                said_closed = self._closed
                if said_closed:
                    yield None
                    continue
            await news.wait()

    async def _frames_after(self, after: int) -> list[Frame]:
        ready = list(takewhile(lambda frame: frame.first > after, reversed(self._window)))
        if ready and ready[-1].first == after + 1:
            return ready[::-1]
        return await self._older_frames(after)

    async def _older_frames(self, after: int) -> list[Frame]:
        """Read from the database, once for all viewers that have come to the same line."""
        read = self._reads.get(after)
        if read is None or (read.done() and (read.cancelled() or read.exception())):
            read = self._reads[after] = asyncio.create_task(_in_thread(_read, self.stream_id, after))
            while len(self._reads) > SHARED_READS:
                self._reads.pop(next(iter(self._reads)))
        return await asyncio.shield(read)


class OutputHub:
    """The readers of this process by stream."""

    def __init__(self) -> None:
        self._readers: dict[UUID, StreamReader] = {}

    @contextlib.asynccontextmanager
    async def reader(self, stream_id: UUID) -> AsyncIterator[StreamReader]:
        """The stream's shared reader; it stops when its last viewer leaves."""
        reader = self._readers.get(stream_id)
        if reader is None:
            reader = self._readers[stream_id] = StreamReader(stream_id)
            reader.start()
        reader.viewers += 1
        try:
            yield reader
        finally:
            reader.viewers -= 1
            if reader.viewers == 0:
                self._readers.pop(stream_id, None)
                await reader.stop()


hub = OutputHub()
