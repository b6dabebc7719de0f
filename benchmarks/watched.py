"""A program's output on its whole way: written by a process, stored by a worker, read in many browsers."""

import json
import subprocess
import sys
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django.test import Client

from benchmarks.world import REPOSITORY
from controlplane.core.models import OutputStream, System, User
from controlplane.core.services import output


@dataclass(frozen=True)
class Watched:
    """What the viewers received. `last_at` in seconds since the epoch."""

    lines: list[int]
    wrong: int
    last_at: float
    latencies_ms: list[float]
    stream: OutputStream

    def must_be_whole(self, lines: int) -> None:
        """Raises where a viewer missed a line or got one twice or in a wrong place."""
        if self.wrong or set(self.lines) != {lines}:
            raise RuntimeError(f"{self.wrong} lines were wrong; of {lines} the viewers received {self.lines}")


def watch(*, lines: int, rate: float, viewers: int, latencies: bool) -> Watched:
    """Emits `lines` at `rate` a second (0: as fast as it can), read by `viewers` from the first line on."""
    system = System.objects.get(slug="tvmaze-ingestion")
    stream = output.open_stream(system, ("bench", uuid4()), "terraform")
    url = f"{settings.SLIPWAY_PUBLIC_URL.replace('http', 'ws', 1)}/ws/output/{stream.pk}"
    arguments = (url, _cookie(), str(viewers), str(int(latencies)))
    browsers = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.viewers", *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert browsers.stdout
        browsers.stdout.readline()
        subprocess.run(
            [sys.executable, "-m", "benchmarks.writer", str(stream.pk), str(lines), str(rate)],
            cwd=REPOSITORY,
            check=True,
        )
        answer, _ = browsers.communicate(timeout=120)
    finally:
        browsers.kill()
        browsers.wait()
    return Watched(**json.loads(answer), stream=stream)


def _cookie() -> str:
    client = Client()
    client.force_login(User.objects.create_superuser(f"viewer-{uuid4().hex[:8]}", password=None))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
