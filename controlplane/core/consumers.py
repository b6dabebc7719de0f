"""WebSockets: job output, and doorbells for live pages. Each checks the role, at first and every few seconds."""

import asyncio
import contextlib
import json
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils.module_loading import import_string

from controlplane.core import access
from controlplane.core.models import OutputStream, System, User
from controlplane.core.output_hub import hub
from controlplane.core.policies import Capability
from controlplane.lib import live

log = logging.getLogger(__name__)

CHECK_SECONDS = 5.0
ALIVE = '{"alive":true}'
"""Sent after each check: a browser that hears nothing for three of them takes the connection for dead (socket.js)."""
SIGNED_OUT, FORBIDDEN, NOT_FOUND, BAD_REQUEST = 4401, 4403, 4404, 4400
FAILED = 1011
"""RFC 6455, 7.4.1: the server could not go on. The browser comes back and asks for what it lacks."""


class GuardedConsumer(AsyncWebsocketConsumer, ABC):
    """Accepts signed-in users who may see the socket's systems; closes within seconds of a lost right.

    Sends {"alive": true} every few seconds: a connection that died silently looks like one on which nothing happens.
    """

    systems: list[System]

    async def connect(self) -> None:
        self.systems = []
        self._tasks: list[asyncio.Task[None]] = []
        # Accepted first: a browser learns the reason only from a close code, never from a refused handshake.
        await self.accept()
        if (code := await self.refused()) or (code := await self.open()):
            await self.close(code)
            return
        self.spawn(self._keep_checking())

    @abstractmethod
    async def open(self) -> int | None:
        """Subclasses find what is watched, set `systems`, check it and start; a close code means no."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` beside the socket, as long as that is open; if it fails, the socket closes."""
        self._tasks.append(asyncio.create_task(self._closing_on_failure(work)))

    async def _closing_on_failure(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except OSError:
            return  # the browser has gone while something was being sent (uvicorn's ClientDisconnected)
        except Exception:
            log.exception("a socket failed")
            with contextlib.suppress(OSError):
                await self.close(FAILED)

    async def disconnect(self, code: int) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if code := await self.refused():
                await self.close(code)
                return
            await self.send(text_data=ALIVE)

    @database_sync_to_async
    def refused(self) -> int | None:
        """The close code for a signed-out user or one who may not see a system (any more)."""
        request = HttpRequest()
        # A store of its own each time: the session that was loaded at the handshake would never notice a log-out.
        store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
        request.session = store(self.scope["session"].session_key)
        user = get_user(request)
        if not isinstance(user, User) or not user.is_active:
            return SIGNED_OUT
        if not all(access.may(user, system, Capability.VIEW) for system in self.systems):
            return FORBIDDEN
        return None


class OutputConsumer(GuardedConsumer):
    """`/ws/output/<stream>?after=N`: the stream's lines after number N, then what comes.

    Sends {"first", "lines": [[milliseconds, text], ...]} and {"closed": true} when nothing more will come.
    """

    # It takes nothing from the channel layer itself; bound to it, it would end with Redis.
    channel_layer_alias = "none"

    async def open(self) -> int | None:
        stream_id: UUID = self.scope["url_route"]["kwargs"]["stream_id"]
        query = parse_qs(self.scope["query_string"].decode("ascii"))
        after = query.get("after", ["0"])[0]
        if not re.fullmatch(r"[0-9]{1,9}", after):
            return BAD_REQUEST
        stream = await OutputStream.objects.select_related("system").filter(pk=stream_id).afirst()
        if stream is None:
            return NOT_FOUND
        self.systems = [stream.system]
        if code := await self.refused():
            return code
        self.spawn(self._follow(stream_id, int(after)))
        return None

    async def _follow(self, stream_id: UUID, after: int) -> None:
        async with hub.reader(stream_id) as reader:
            async for frame in reader.follow(after):
                await self.send(text_data=frame.text if frame else '{"closed":true}')


class LiveConsumer(GuardedConsumer):
    """`/ws/live?topic=run:<id>&topic=...`: sends {"topic", "what"} when something behind a topic changed."""

    MOST_TOPICS = 50

    async def open(self) -> int | None:
        topics = parse_qs(self.scope["query_string"].decode()).get("topic", [])
        if not topics or len(topics) > self.MOST_TOPICS:
            return BAD_REQUEST
        systems = await self._systems_of(topics)
        if systems is None:
            return NOT_FOUND
        self.systems = systems
        if code := await self.refused():
            return code
        self._groups = [live.group_of(topic) for topic in topics]
        for group in self._groups:
            await self.channel_layer.group_add(group, self.channel_name)
        return None

    @database_sync_to_async
    def _systems_of(self, topics: list[str]) -> list[System] | None:
        find = import_string(settings.SLIPWAY_TOPIC_SYSTEM)
        systems: dict[UUID, System] = {}
        for topic in topics:
            known, system = find(topic)
            if not known:
                return None
            if system:
                systems[system.pk] = system
        return list(systems.values())

    async def disconnect(self, code: int) -> None:
        for group in getattr(self, "_groups", []):
            await self.channel_layer.group_discard(group, self.channel_name)
        await super().disconnect(code)

    async def changed(self, event: dict[str, str]) -> None:
        """The channel layer's event (lib/live.py)."""
        await self.send(text_data=json.dumps({"topic": event["topic"], "what": event["what"]}))
