"""What an HTTP request asks of AWS: service, action, parameters, and how to refuse it in the service's words."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.model import OperationModel, Shape
from botocore.session import get_session
from moto.core.exceptions import ServiceException
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

_READS = re.compile(
    r"^(Describe|List|Get|Head|BatchGet|BatchCheck|Lookup|Search|Filter|Query|Scan|Select|Test|Validate|"
    r"Estimate|Preview|Simulate|Assume|StartLiveTail|StartQuery|Decrypt|Encrypt|GenerateDataKey)"
)
_ACCESS_KEY = re.compile(r"Credential=([^/,\s]+)/|^AWS ([^:\s]+):|(?:^|&)AWSAccessKeyId=([^&]+)")
"""Signature Version 4 in header or query, then Version 2 (S3's older clients)."""
_MODULES = {"awslambda": "lambda", "dynamodb_v20111205": "dynamodb"}
_ELBV2_VERSION = "2015-12-01"
_BODY_LIMIT = 1_000_000
_SENSITIVE = "(sensitive)"


class Refused(ServiceException):
    """An error of ours. moto finds an exception's service by its module, so it must not be one of moto's."""


def _create_backend_app(module: str | None) -> Any:
    if module is None:
        raise NotImplementedError("no such service")
    return create_backend_app(module)


class Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher, remembering which backend serves which host."""

    def __init__(self) -> None:
        super().__init__(_create_backend_app)
        self._hosts: dict[str, str | None] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host is None:
            return None
        if host not in self._hosts:
            self._hosts[host] = super().get_backend_for_host(host)
        return self._hosts[host]

    def service_of(self, environ: dict[str, Any]) -> str:
        """The botocore name of the service that the request is signed for or shaped like; s3 if nothing else."""
        host = self.infer_service_region_host(environ, environ.get("PATH_INFO", ""))
        if host is None:
            return "s3"
        module = self.get_backend_for_host(host)
        return botocore_service(module) if module else host.removeprefix("api.").split(".")[0]


@cache
def _botocore_services() -> dict[str, str]:
    return {name.replace("-", ""): name for name in get_session().get_available_services()}


def botocore_service(module: str) -> str:
    """`cognitoidp` (moto's module) -> `cognito-idp` (botocore's service)."""
    return _MODULES.get(module) or _botocore_services().get(module, module)


@dataclass(frozen=True)
class AwsRequest:
    """One call. `operation` is None where no operation of the service matches; `action` then says what was asked."""

    service: str
    action: str
    operation: OperationModel | None
    uri_parameters: Mapping[str, Any]
    body: bytes
    access_key: str | None

    @property
    def mutating(self) -> bool:
        return not _READS.match(self.action)


def read_request(environ: dict[str, Any], dispatcher: Dispatcher) -> AwsRequest:
    """Identify the call and leave it readable: form and JSON bodies are buffered, S3's may stream past."""
    service = dispatcher.service_of(environ)
    body = b""
    if service != "s3":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    request = _request(environ, body)
    if service == "elb" and request.form.get("Version") == _ELBV2_VERSION:
        service = "elbv2"
    try:
        operation, uri_parameters = get_service_router(service).match(request)
        action = operation.name
    except Exception:  # an unknown service, path or action: moto gives the answer, we only give it a name
        operation, uri_parameters, action = None, {}, _stated_action(request)
    return AwsRequest(service, action, operation, uri_parameters, body, access_key_of(environ))


def unread(aws: AwsRequest, environ: dict[str, Any]) -> dict[str, Any]:
    """The same question with its body from the start; S3's may stream, and can be read once only."""
    return environ if aws.service == "s3" else {**environ, "wsgi.input": io.BytesIO(aws.body)}


def _request(environ: Mapping[str, Any], body: bytes) -> Request:
    """A request over a copy, so that reading it takes nothing from whoever answers it."""
    return Request({**environ, "wsgi.input": io.BytesIO(body)})


def access_key_of(environ: Mapping[str, Any]) -> str | None:
    signed = environ.get("HTTP_AUTHORIZATION", "") or environ.get("QUERY_STRING", "").replace(
        "X-Amz-Credential=", "Credential="
    ).replace("%2F", "/")
    match = _ACCESS_KEY.search(signed)
    return next(filter(None, match.groups()), None) if match else None


def parameters_of(aws: AwsRequest, environ: Mapping[str, Any]) -> dict[str, Any]:
    """The call's parameters as botocore names them; secrets masked, payloads replaced by their length."""
    if aws.operation is None or aws.operation.input_shape is None:
        return {}
    if aws.service == "s3":
        return dict(aws.uri_parameters)
    if len(aws.body) > _BODY_LIMIT:
        return {"(body)": f"({len(aws.body)} bytes)"}
    request = _request(environ, aws.body)
    try:
        protocol = determine_request_protocol(get_service_model(aws.service), request.content_type)
        parsed = PROTOCOL_PARSERS[protocol](aws.operation, map_type=dict).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": aws.body,
                "url_path": request.path,
                "url_params": dict(aws.uri_parameters),
            }
        )
    except Exception:  # a record of the call is a courtesy; a body that cannot be parsed is moto's to refuse
        return dict(aws.uri_parameters)
    masked = _masked(parsed, aws.operation.input_shape)
    return masked if isinstance(masked, dict) else {}


def _masked(value: Any, shape: Shape | None) -> Any:
    if shape is not None and shape.metadata.get("sensitive"):
        return _SENSITIVE
    if isinstance(value, Mapping):
        members = getattr(shape, "members", {})
        return {
            key: _masked(item, members.get(key) or getattr(shape, "value", None))
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list | tuple):
        return [_masked(item, getattr(shape, "member", None)) for item in value]
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def refusal(aws: AwsRequest, code: str, message: str, status: int, environ: Mapping[str, Any]) -> Response:
    """An error in the form that this service's SDK parses, with the HTTP status given."""
    model = get_service_model(aws.service)
    operation = aws.operation or OperationModel({"http": {}, "name": aws.action or "Unknown"}, model)
    protocol = determine_request_protocol(model, environ.get("CONTENT_TYPE", ""))
    serializer = get_serializer_class(model.service_name, protocol)(operation_model=operation)
    answer = serializer.serialize(Refused(code, message))
    headers = {**answer["headers"], "x-amzn-RequestId": "sandbox"}
    return Response(answer["body"], status, headers)


def _stated_action(request: Request) -> str:
    target = request.headers.get("X-Amz-Target")
    if target:
        return target.rsplit(".", 1)[-1]
    return request.values.get("Action") or f"{request.method} {request.path}"
