"""Posts messages to subscribers: in the background, a few times, and only to this machine."""

from __future__ import annotations

import ipaddress
import json
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import urllib3

from sandbox.clock import Clock
from sandbox.notifications.messages import headers

log = logging.getLogger(__name__)

# Sandbox seconds before each further attempt. SNS tries some 50 times in 6 hours; a rehearsal needs to see an end.
PAUSES = (1.0, 1.0, 10.0, 20.0)
_TIMEOUT = 15.0  # real seconds, SNS's own
_WORKERS = 4


def is_on_this_machine(url: str) -> bool:
    """Whether the URL is http(s) to a loopback address, given as such or as localhost. Nothing is looked up."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def worth_another_attempt(status: int) -> bool:
    """SNS gives up at once where the subscriber says that it is at fault itself (4xx), but for 429."""
    return status >= 500 or status == 429


class Outbox:
    """`base_url`: where this sandbox is reached, for the links in messages. Not kept over a restart."""

    def __init__(self, clock: Clock, base_url: str = "") -> None:
        self.base_url = base_url
        self._clock = clock
        self._http = urllib3.PoolManager(cert_reqs="CERT_NONE", retries=False)  # it never leaves this machine
        self._lock = threading.Lock()
        self._begin()

    def post(
        self, endpoint: str, message: Mapping[str, Any], subscription_arn: str | None, *, raw: bool = False
    ) -> None:
        """Deliver soon; an endpoint elsewhere is never contacted, which is logged."""
        if not is_on_this_machine(endpoint):
            log.warning("SNS does not leave this machine: nothing is sent to %s", urlsplit(endpoint).hostname)
            return
        body = message["Message"] if raw else json.dumps(message, indent=2)
        found = headers(message, subscription_arn, raw=raw)
        with self._lock:
            self._workers.submit(self._deliver, endpoint, str(body).encode(), found, self._ending)

    def stop(self) -> None:
        self._ending.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def forget(self) -> None:
        """Nothing of what waits is posted any more; an attempt that has begun is ended."""
        with self._lock:
            self.stop()
            self._begin()

    def _begin(self) -> None:
        self._ending = threading.Event()
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="sandbox-sns")

    def _deliver(self, endpoint: str, body: bytes, found: Mapping[str, str], ending: threading.Event) -> None:
        for pause in (*PAUSES, None):
            try:
                status = self._http.request(
                    "POST", endpoint, body=body, headers=found, timeout=_TIMEOUT, redirect=False
                ).status
            except urllib3.exceptions.HTTPError as error:
                log.info("SNS could not reach %s: %s", endpoint, error)
                status = 599
            if not worth_another_attempt(status):
                return
            if pause is None or ending.wait(self._clock.real(pause)):
                log.warning("SNS gave up on %s after %d attempts", endpoint, len(PAUSES) + 1)
                return
