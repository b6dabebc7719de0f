"""Many browsers' worth of WebSockets in one process: `python -m benchmarks.viewers URL COOKIE COUNT LATENCIES`.

Prints "ready" once all are connected, then, when each has heard that the output is closed, one line of JSON:
{"lines": [received by each], "wrong": lines that were not the next one, "last_at": when the last of all came,
"latencies_ms": [of every line at every viewer, where LATENCIES is 1]}.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.typing import Origin


@dataclass
class Seen:
    """What one viewer received."""

    lines: int = 0
    wrong: int = 0
    last_at: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)


async def view(url: str, cookie: str, all_there: asyncio.Barrier, measures: bool) -> Seen:
    seen = Seen()
    origin = Origin(url.replace("ws", "http", 1).partition("/ws/")[0])
    headers = {"Cookie": cookie}
    async with connect(url, origin=origin, additional_headers=headers, max_size=None, proxy=None) as socket:
        await all_there.wait()
        async for text in socket:
            now = time.time()
            message = json.loads(text)
            if message.get("closed"):
                break
            if message.get("alive"):
                continue
            lines = message["lines"]
            seen.wrong += abs(message["first"] - seen.lines - 1)
            for number, (_, line) in enumerate(lines, start=message["first"]):
                stamp, told, _ = line.split(" ", 2)
                seen.wrong += int(told) != number
                if measures:
                    seen.latencies_ms.append(now * 1000 - int(stamp) / 1e6)
            seen.lines += len(lines)
            seen.last_at = now
    return seen


async def main(url: str, cookie: str, count: int, measures: bool) -> None:
    all_there = asyncio.Barrier(count + 1)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(view(url, cookie, all_there, measures)) for _ in range(count)]
        await all_there.wait()
        print("ready", flush=True)
    all_seen = [task.result() for task in tasks]
    print(
        json.dumps(
            {
                "lines": [seen.lines for seen in all_seen],
                "wrong": sum(seen.wrong for seen in all_seen),
                "last_at": max(seen.last_at for seen in all_seen),
                "latencies_ms": [latency for seen in all_seen for latency in seen.latencies_ms],
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "1"))
