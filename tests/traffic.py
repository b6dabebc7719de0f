"""Steady traffic for tests: so many requests a second from an asyncio client, and what became of every one of them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Answered:
    """One request: wall-clock seconds of its begin and end; `status` is None where the connection broke."""

    began: float
    ended: float
    status: int | None
    body: dict[str, Any]
    error: str = ""


@dataclass
class Traffic:
    answers: list[Answered] = field(default_factory=list)

    @property
    def lost(self) -> Counter[str]:
        """Requests that were not answered with 200, by what happened instead."""
        return Counter(each.error or str(each.status) for each in self.answers if each.status != 200)

    @property
    def rate(self) -> float:
        """Requests that were begun per real second, from the first to the last."""
        begun = sorted(each.began for each in self.answers)
        return (len(begun) - 1) / (begun[-1] - begun[0])

    def digests(self) -> Counter[str]:
        """Answers by the image that gave them."""
        return Counter(each.body.get("digest", "") for each in self.answers)


async def request(url: str) -> Answered:
    """GET on a connection of its own."""
    began = time.time()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            status, body = await _get(url)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
        return Answered(began, time.time(), None, {}, repr(error))
    return Answered(began, time.time(), status, body)


async def _get(url: str) -> tuple[int, dict[str, Any]]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(f"GET {parts.path or '/'} HTTP/1.1\r\nhost: {parts.netloc}\r\nconnection: close\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), json.loads(body) if headers.get("content-type") == "application/json" else {}
    finally:
        writer.close()


async def send(url: str, *, rate: float, count: int | None = None, until: threading.Event | None = None) -> Traffic:
    """So many requests a second, whether or not the earlier ones are answered; `count` of them, or `until` is set."""
    traffic, begun = Traffic(), time.monotonic()
    running: set[asyncio.Task[Answered]] = set()
    number = 0
    while not (until and until.is_set()) and (count is None or number < count):
        await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
        task = asyncio.ensure_future(request(url))
        running.add(task)
        task.add_done_callback(lambda done: traffic.answers.append(done.result()))
        task.add_done_callback(running.discard)
        number += 1
    await asyncio.gather(*running)
    await asyncio.sleep(0)
    assert len(traffic.answers) == number
    return traffic


@contextmanager
def steady(url: str, *, rate: float) -> Iterator[Traffic]:
    """Traffic for as long as the block takes; what became of it is known when the block has ended."""
    traffic, over = Traffic(), threading.Event()
    thread = threading.Thread(
        target=lambda: traffic.answers.extend(asyncio.run(send(url, rate=rate, until=over)).answers)
    )
    thread.start()
    try:
        yield traffic
    finally:
        over.set()
        thread.join()
