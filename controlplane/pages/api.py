"""The whole REST API under /api/v1: one object, the apps' routers, one error shape."""

import logging
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from controlplane.core.api import ApiRefused, BearerToken
from controlplane.lib import clock, context
from controlplane.lib.aws import AwsError
from controlplane.lib.errors import Refusal, SlipwayError, error_body
from controlplane.pages.audit_api import router as audit_router
from controlplane.pages.environment_api import router as environment_router
from deployments_app.api import router as deployments_router
from deployments_app.webhooks_api import router as webhooks_router
from environments_app.api import router as environments_router
from environments_app.blueprints_api import router as blueprints_router
from environments_app.config_api import router as config_router
from environments_app.protection_api import router as protection_router
from environments_app.schema_api import router as schema_router
from environments_app.sources_api import router as sources_router

log = logging.getLogger(__name__)

api = NinjaAPI(
    title="Slipway",
    version="1",
    description="Environments, runs, releases and deployments. Bearer tokens; every error has one shape.",
    auth=BearerToken(),
    docs_url=None,
    urls_namespace="api",
)
api.add_router("", environments_router, tags=["environments"])
api.add_router("", environment_router, tags=["environments"])
api.add_router("", sources_router, tags=["sources"])
api.add_router("", blueprints_router, tags=["environments"])
api.add_router("", config_router, tags=["configuration"])
api.add_router("", protection_router, tags=["configuration"])
api.add_router("", deployments_router, tags=["releases"])
api.add_router("/schemas", schema_router, tags=["schemas"])
api.add_router("/webhooks", webhooks_router, tags=["webhooks"])
api.add_router("/audit", audit_router, tags=["audit"])


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A Refusal in the API's error shape; written to the log too, under the same request id."""
    log.warning("%s %s: %s %s: %s", request.method, request.path, refusal.status, refusal.code, refusal.message)
    body = error_body(refusal.code, refusal.message, refusal.details, context.request_id(), clock.now())
    return api.create_response(request, body, status=refusal.status)


@api.exception_handler(ApiRefused)
def refused(request: HttpRequest, error: ApiRefused) -> HttpResponse:
    return answer(request, error.refusal)


@api.exception_handler(SlipwayError)
def failed(request: HttpRequest, error: SlipwayError) -> HttpResponse:
    return answer(request, Refusal(error.code, error.message, error.status, error.details))


@api.exception_handler(AwsError)
def aws_failed(request: HttpRequest, error: AwsError) -> HttpResponse:
    return answer(request, Refusal(error.code, error.message, 502, error.details))


@api.exception_handler(AuthenticationError)
def unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    message = "Send a valid API token: `Authorization: Bearer slip_…`. Settings, API tokens makes one."
    response = answer(request, Refusal("UNAUTHENTICATED", message, 401))
    response["WWW-Authenticate"] = 'Bearer realm="slipway"'
    return response


def field_of(location: Sequence[str | int]) -> str:
    """A field as its sender names it: without where it stood (body, query) and the name of our parameter.

    ("body", "asked", "kind") is "kind"; ("query", "limit") is "limit", ("body", "asked") the body itself.
    """
    inner = location[2:] if location[0] == "body" else location[1:]
    return ".".join(str(part) for part in inner or location[:1])


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    problems: list[Any] = [{"field": field_of(item["loc"]), "reason": item["msg"]} for item in error.errors]
    first = f"{problems[0]['field']}: {problems[0]['reason']}" if problems else "The request is not valid."
    return answer(request, Refusal("VALIDATION_ERROR", first, 422, {"problems": problems}))


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return answer(request, Refusal("NOT_FOUND", "There is nothing here, or you may not see it.", 404))


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return answer(request, Refusal("BAD_REQUEST", str(error), error.status_code))


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return answer(request, Refusal("BODY_TOO_LARGE", "The body is larger than 1 MiB.", 413))
