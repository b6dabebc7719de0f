"""The scheduler: calls each sweep in its period. Correct with two of them; it keeps nothing in the process."""

import logging
import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)
TICK_SECONDS = 0.25


class Command(BaseCommand):
    help = "Runs the sweeps (settings.SLIPWAY_SWEEPS) until it is told to stop."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sweeps = [(import_string(path), path, period) for path, period in settings.SLIPWAY_SWEEPS]
        due = {path: 0.0 for _, path, _ in sweeps}
        while not stop.wait(TICK_SECONDS):
            for sweep, path, period in sweeps:
                if time.monotonic() < due[path]:
                    continue
                close_old_connections()
                try:
                    sweep()
                except Exception:
                    log.exception("the sweep %s failed; it is tried again in its next period", path)
                due[path] = time.monotonic() + period
