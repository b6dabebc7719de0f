"""Requests through the sandbox's load balancer beside the same requests sent straight to a container."""

import asyncio
import subprocess
import sys
import time

from benchmarks.report import Figure, hand_over, percentile, tell
from benchmarks.sandbox_world import Fleet, RunningSandbox, sandbox
from benchmarks.world import wait_for

SECONDS = 5.0
CONNECTIONS = 8
REQUEST = b"GET /work HTTP/1.1\r\nhost: bench\r\n\r\n"


async def ask(port: int, until: float, latencies: list[float]) -> None:
    """One connection that is kept: a request, its answer, the next request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        latencies.append(time.perf_counter() - began)
    writer.close()


async def load(port: int, connections: int) -> list[float]:
    """Latencies in seconds of all requests of some connections at once."""
    latencies: list[float] = []
    until = time.perf_counter() + SECONDS
    await asyncio.gather(*(ask(port, until, latencies) for _ in range(connections)))
    return latencies


def measured(port: int, connections: int) -> list[float]:
    """From a process of its own, so that only the sandbox's time is the sandbox's."""
    argv = [sys.executable, "-m", "benchmarks.sandbox_proxy", str(port), str(connections)]
    output = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [float(line) for line in output.split()]


def ports(running: RunningSandbox) -> tuple[int, int]:
    """The listener's, and a container's own."""
    wait_for(lambda: bool(running.control("containers")), why="a container serves")
    return running.control("listeners")[0]["local_port"], running.control("containers")[0]["local_port"]


def main() -> None:
    figures = []
    with sandbox() as running:
        fleet = Fleet(running)
        fleet.prepare(1)
        fleet.create(1, 2)
        fleet.wait_until_stable(1)
        listener, container = ports(running)
        direct, proxied = measured(container, CONNECTIONS), measured(listener, CONNECTIONS)
        tell(f"  {len(proxied) / SECONDS:,.0f} requests/s through the load balancer")
        figures.append(
            Figure(
                f"sandbox: proxy, {CONNECTIONS} connections",
                round(len(proxied) / SECONDS),
                "requests/s",
                round(len(direct) / SECONDS),
                "straight to the container",
            )
        )
        direct, proxied = measured(container, 1), measured(listener, 1)
        for share in (0.5, 0.99):
            through, straight = percentile(proxied, share) * 1000, percentile(direct, share) * 1000
            figures.append(
                Figure(
                    f"sandbox: proxy latency, p{share * 100:.0f}",
                    round(through, 2),
                    "ms",
                    round(straight, 2),
                    "straight to the container",
                    detail={"added": f"{through - straight:.2f} ms"},
                )
            )
    hand_over(figures)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print("\n".join(f"{each:.6f}" for each in asyncio.run(load(int(sys.argv[1]), int(sys.argv[2])))))
    else:
        main()
