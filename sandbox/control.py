"""The control interface, `/_sandbox/*`: JSON in, JSON out, errors as {"error": "..."}."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import ServiceException
from moto.ecr.models import ecr_backends
from moto.ecs.models import ecs_backends
from werkzeug.wrappers import Request, Response

from sandbox import DEFAULT_REGION
from sandbox.behaviours import BehaviourUnknown
from sandbox.commands import MapForbidden, MapInvalid, parse_map
from sandbox.ecs.hooks import ANSWERS, function_name
from sandbox.faults import KINDS, FaultInvalid, parse_fault
from sandbox.images import push_image
from sandbox.page import state
from sandbox.page.files import page_file
from sandbox.runtime import Sandbox, alarm_exists

PREFIX = "/_sandbox/"
# Beyond them dates end before the tests do: the year 9999 is all that Python and the SDKs know.
_CLOCK_BOUNDS = {"scale": 1_000_000, "advance": 10 * 365 * 86_400}
_REPOSITORY = re.compile(r"^[a-z0-9]+(?:[._/-][a-z0-9]+)*$")


class ControlError(Exception):
    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def answer(sandbox: Sandbox, request: Request) -> Response:
    """The response to any request below PREFIX."""
    name = request.path.removeprefix(PREFIX).strip("/")
    if request.method == "GET" and (file := page_file(name)):
        return file
    try:
        handlers = _HANDLERS.get(name)
        if handlers is None:
            raise ControlError(f"no such control: {name!r}. Known: {', '.join(sorted(_HANDLERS))}", 404)
        handler = handlers.get(request.method)
        if handler is None:
            raise ControlError(f"{name} knows {', '.join(sorted(handlers))}, not {request.method}", 405)
        body = handler(sandbox, request)
        return Response(json.dumps(body), 200, content_type="application/json")
    except ControlError as error:
        return _refuse(str(error), error.status)
    except (BehaviourUnknown, FaultInvalid, MapInvalid, ServiceException) as error:
        return _refuse(str(error), 400)
    except MapForbidden as error:
        return _refuse(str(error), 403)


def _refuse(message: str, status: int) -> Response:
    return Response(json.dumps({"error": message}), status, content_type="application/json")


def _document(request: Request) -> dict[str, Any]:
    try:
        document = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise ControlError(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ControlError("the body must be a JSON object")
    return document


def _text(document: dict[str, Any], name: str, default: str | None = None) -> str:
    value = document.get(name, default)
    if not isinstance(value, str) or not value:
        raise ControlError(f"{name} must be a text that is not empty")
    return value


def _region(name: str) -> str:
    if name not in ecr_backends[DEFAULT_ACCOUNT_ID]:
        raise ControlError(f"there is no region {name!r}; the usual one is {DEFAULT_REGION}")
    return name


def _health(sandbox: Sandbox, request: Request) -> dict[str, Any]:
    return {"status": "ok", "tasks": sandbox.engine.task_counts(), "clock": _clock_now(sandbox)}


def _images(sandbox: Sandbox, request: Request) -> dict[str, str]:
    document = _document(request)
    repository = _text(document, "repository")
    if not _REPOSITORY.match(repository):
        raise ControlError(f"repository {repository!r} is not a name that ECR accepts")
    tag = _text(document, "tag") if "tag" in document else None
    region = _region(_text(document, "region", DEFAULT_REGION))
    pushed = push_image(repository, _text(document, "behaviour"), tag, region)
    sandbox.store.mark_changed()
    return pushed


def _order_fault(sandbox: Sandbox, request: Request) -> dict[str, Any]:
    fault = parse_fault(_document(request))
    if fault.kind == "alarm" and not alarm_exists(fault.alarm):
        raise ControlError(f"there is no alarm {fault.alarm!r} to force", 404)
    return asdict(sandbox.faults.add(fault))


def _list_faults(sandbox: Sandbox, request: Request) -> list[dict[str, Any]]:
    return [asdict(fault) for fault in sandbox.faults.list()]


def _clear_faults(sandbox: Sandbox, request: Request) -> dict[str, int]:
    return {"cleared": sandbox.faults.clear(request.args.get("id"))}


def _clock(sandbox: Sandbox, request: Request) -> dict[str, Any]:
    document = _document(request)
    for name, most in _CLOCK_BOUNDS.items():
        value = document.get(name, 1)
        if not isinstance(value, int | float) or isinstance(value, bool) or not value <= most:
            raise ControlError(f"{name} must be a number, {most:,} at most")
    try:
        if "scale" in document:
            sandbox.clock.set_scale(document["scale"])
        if "advance" in document:
            sandbox.clock.advance(document["advance"])
    except ValueError as error:
        raise ControlError(str(error)) from error
    return _clock_now(sandbox)


def _read_clock(sandbox: Sandbox, request: Request) -> dict[str, Any]:
    return _clock_now(sandbox)


def _clock_now(sandbox: Sandbox) -> dict[str, Any]:
    """`time` is what schedules go by: the date and time of the sandbox, ahead of the real one where it ran faster."""
    at = datetime.fromtimestamp(sandbox.clock.epoch(), UTC)
    return asdict(sandbox.clock.state()) | {"time": at.isoformat(timespec="milliseconds")}


def _state(sandbox: Sandbox, request: Request) -> dict[str, Any]:
    """What the page shows."""
    faults = sandbox.faults.list()
    forced = {fault.alarm for fault in faults if fault.kind == "alarm"}
    with sandbox.engine.lock:
        return {
            "clock": _clock_now(sandbox),
            "services": state.services(),
            "one_off_tasks": state.one_off_tasks(),
            "listeners": state.listeners(sandbox.engine.listeners.describe()),
            "alarms": state.alarms(forced),
            "faults": [asdict(fault) for fault in faults],
            "zones": state.zones(),
            "kinds": KINDS,
        }


def _calls(sandbox: Sandbox, request: Request) -> list[dict[str, Any]]:
    return sandbox.calls.list(mutating_only=request.args.get("mutating") == "1")


def _listeners(sandbox: Sandbox, request: Request) -> list[dict[str, Any]]:
    return [asdict(listener) for listener in sandbox.engine.listeners.describe()]


def _containers(sandbox: Sandbox, request: Request) -> list[dict[str, Any]]:
    return sandbox.engine.containers.describe()


def _order_hook_answer(sandbox: Sandbox, request: Request) -> dict[str, str]:
    """What the Lambda function of a lifecycle hook answers from now on."""
    document = _document(request)
    answer = _text(document, "answer")
    if answer not in ANSWERS:
        raise ControlError(f"answer must be one of {', '.join(ANSWERS)}")
    answers = _hook_answers(_region(_text(document, "region", DEFAULT_REGION)))
    answers[function_name(_text(document, "function"))] = answer
    sandbox.changed()
    return answers


def _list_hook_answers(sandbox: Sandbox, request: Request) -> dict[str, str]:
    return _hook_answers(_region(request.args.get("region", DEFAULT_REGION)))


def _hook_answers(region: str) -> dict[str, str]:
    answers: dict[str, str] = ecs_backends[DEFAULT_ACCOUNT_ID][region].hook_answers
    return answers


def _order_map(sandbox: Sandbox, request: Request) -> list[dict[str, Any]]:
    """Run a local command in the place of a repository's images. No page of another site may ask for that."""
    if request.mimetype != "application/json" or "Origin" in request.headers:
        raise ControlError("a map must come as application/json, and not from a web page", 403)
    sandbox.engine.commands.order(parse_map(_document(request)))
    sandbox.changed()
    return sandbox.engine.commands.known()


def _list_maps(sandbox: Sandbox, request: Request) -> list[dict[str, Any]]:
    return sandbox.engine.commands.known()


def _clear_maps(sandbox: Sandbox, request: Request) -> dict[str, int]:
    cleared = sandbox.engine.commands.take_back(request.args.get("repository"))
    sandbox.changed()
    return {"cleared": cleared}


def _reset(sandbox: Sandbox, request: Request) -> dict[str, str]:
    sandbox.reset()
    return {"status": "ok"}


_HANDLERS: dict[str, dict[str, Callable[[Sandbox, Request], Any]]] = {
    "health": {"GET": _health},
    "images": {"POST": _images},
    "faults": {"POST": _order_fault, "GET": _list_faults, "DELETE": _clear_faults},
    "clock": {"POST": _clock, "GET": _read_clock},
    "state": {"GET": _state},
    "calls": {"GET": _calls},
    "listeners": {"GET": _listeners},
    "hooks": {"POST": _order_hook_answer, "GET": _list_hook_answers},
    "containers": {"GET": _containers},
    "maps": {"POST": _order_map, "GET": _list_maps, "DELETE": _clear_maps},
    "reset": {"POST": _reset},
}
