"""The WSGI application: moto behind a gate that knows every call, refuses some, breaks others on order."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from typing import Any

from moto.iam.models import iam_backends
from werkzeug.wrappers import Request, Response

from sandbox import control, live_tail
from sandbox.moto_ext import pricing
from sandbox.notifications import links
from sandbox.requests import AwsRequest, Dispatcher, access_key_of, parameters_of, read_request, refusal, unread
from sandbox.runtime import Sandbox
from sandbox.turns import Turns, looked_again, overtaking_seconds
from sandbox.visitors import why_refused

log = logging.getLogger(__name__)

_DOCUMENTATION_KEY = "AKIAIOSFODNN7EXAMPLE"  # what moto hands out for session tokens; AWS's own example
_NOT_AWS = ("/moto-api", "/favicon.ico", "/latest/")


def create_app(sandbox: Sandbox) -> SandboxApp:
    return SandboxApp(sandbox)


def issued_here(access_key: str) -> bool:
    """Whether a key that looks like AWS's own was made by this sandbox's IAM or STS."""
    return access_key == _DOCUMENTATION_KEY or any(
        access_key in partition.access_keys
        for account in list(iam_backends.values())
        for partition in list(account.values())
    )


class SandboxApp:
    """Every request is answered in this order: links of SNS, control interface, foreign keys refused, faults, moto."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._moto = Dispatcher()
        self._turns = Turns(sandbox.engine.lock)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if reason := why_refused(environ):
            body = json.dumps({"error": reason})
            return Response(body, 403, content_type="application/json")(environ, start_response)
        if link := links.answer(environ):
            self._sandbox.changed()
            return link(environ, start_response)
        if path.startswith(control.PREFIX):
            return control.answer(self._sandbox, Request(environ))(environ, start_response)
        if path.startswith(_NOT_AWS):
            return self._moto(environ, start_response)
        key = access_key_of(environ)
        aws = read_request(environ, self._moto)
        if key and key.startswith(("AKIA", "ASIA")) and not issued_here(key):
            message = (
                f"The sandbox refuses the access key {key[:8]}...: it looks like a real one. "
                "Use any other, such as slipway."
            )
            return refusal(aws, "InvalidClientTokenId", message, 403, environ)(environ, start_response)
        return self._call(aws, environ, start_response)

    def _call(self, aws: AwsRequest, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        began = time.monotonic()
        parameters = parameters_of(aws, environ)
        effect = self._sandbox.faults.effect_on(aws.service, aws.action)
        if effect and effect.wait_seconds:
            time.sleep(effect.wait_seconds)
        if effect and effect.code:
            body = refusal(aws, effect.code, effect.message, effect.status, environ)(environ, start_response)
            status = effect.status
        else:
            body, status = self._answer(aws, environ, start_response)
        self._sandbox.calls.add(aws.service, aws.action, parameters, status, aws.mutating)
        if aws.mutating:
            self._sandbox.changed()
        time.sleep(overtaking_seconds(aws, environ, time.monotonic() - began))
        return body

    def _answer(self, aws: AwsRequest, environ: dict[str, Any], start_response: Any) -> tuple[Iterable[bytes], int]:
        """moto's answer. What it has not implemented is a 501 that SDKs parse, name and do not retry."""
        seen: list[int] = []

        def note_status(status: str, headers: Any, exc_info: Any = None) -> Any:
            seen.append(int(status.split()[0]))
            return start_response(status, headers, exc_info)

        try:
            if (aws.service, aws.action) == ("logs", "StartLiveTail"):
                return live_tail.answer(aws, environ)(environ, note_status), seen[0]
            if aws.service == "pricing":  # moto has no such service
                return pricing.respond(aws.action, aws.body)(environ, note_status), seen[0]
            if aws.service == "application-autoscaling" and aws.mutating:
                self._sandbox.scaler.look()  # what was due before a change happens as it was set then
            with self._turns.of(aws):
                return looked_again(aws, lambda: self._moto(unread(aws, environ), note_status)), seen[0]
        except NotImplementedError as error:
            message = f"The sandbox does not implement {aws.service}:{aws.action} ({error})"
            log.warning(message)
            return self._refuse(aws, "NotImplemented", message, 501, environ, start_response)
        except Exception as error:
            log.exception("%s:%s failed inside moto", aws.service, aws.action)
            message = f"{aws.service}:{aws.action} failed inside the sandbox: {error!r}"
            return self._refuse(aws, "InternalFailure", message, 501, environ, start_response)

    def _refuse(
        self, aws: AwsRequest, code: str, message: str, status: int, environ: dict[str, Any], start_response: Any
    ) -> tuple[Iterable[bytes], int]:
        try:
            response = refusal(aws, code, message, status, environ)
        except Exception:  # not a service that botocore knows
            response = Response(message, status)
        return response(environ, start_response), status
