"""What people and programs read when a request cannot be answered: what, why, what next, and the request's id."""

import sys
from dataclasses import dataclass, replace

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import Resolver404

from controlplane.lib import clock, context
from controlplane.lib.errors import error_body


@dataclass(frozen=True)
class Problem:
    """An error in words: the heading is the answer, `why` its cause, `next_step` what to do."""

    status: int
    code: str
    heading: str
    why: str
    next_step: str


BAD_REQUEST = Problem(
    400, "BAD_REQUEST", "The server did not understand that",
    "The request was incomplete or of a form that no page sends.", "Go back, load the page again and try once more.",
)  # fmt: skip
FORBIDDEN = Problem(
    403, "FORBIDDEN", "You may not do that", "Your role does not allow it.",
    "Ask an admin of the system for the role that does.",
)  # fmt: skip
NOT_FOUND = Problem(
    404, "NOT_FOUND", "There is nothing here",
    "The address is wrong, the thing is gone, or you have no role in the system it belongs to.",
    "Search for it, or ask an admin of the system for a role.",
)  # fmt: skip
TOO_LARGE = Problem(
    413, "TOO_LARGE", "That was too large", "A request may carry 1 MiB.", "Send less, or send it in parts."
)
SERVER_ERROR = Problem(
    500, "INTERNAL", "Slipway made a mistake", "It is written into the log under the request's id.",
    "Try again. If it stays, give the id to whoever runs this Slipway. Nothing was half done: a change is stored "
    "whole or not at all.",
)  # fmt: skip
UNAVAILABLE = Problem(
    503, "UNAVAILABLE", "The database does not answer", "Slipway keeps everything there, so no page can be shown.",
    "Running deployments are ECS's and go on. Try again in a minute; the operator's log says more.",
)  # fmt: skip


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = error_body(problem.code, f"{problem.heading}. {problem.why}", {}, context.request_id(), clock.now())
        return JsonResponse(body, status=problem.status)
    return render(request, "errors/problem.html", {"problem": problem}, status=problem.status)


def _said(problem: Problem, exception: BaseException | None) -> Problem:
    """The problem with the words of the exception, which say what to do too, in place of the general ones."""
    words = str(exception) if exception and not isinstance(exception, Resolver404) else ""
    return replace(problem, why=words, next_step="") if words else problem


def bad_request(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """handler400. A body over the limit is 413."""
    return _answer(request, TOO_LARGE if isinstance(exception, RequestDataTooBig) else BAD_REQUEST)


def forbidden(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """handler403: says the words of the refusal that the view raised."""
    return _answer(request, _said(FORBIDDEN, exception))


def not_found(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """handler404. The same whether a thing does not exist or may not be seen."""
    return _answer(request, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500; 503 where the database does not answer. Needs neither database nor session."""
    problem = UNAVAILABLE if isinstance(sys.exc_info()[1], OperationalError) else SERVER_ERROR
    if request.path.startswith("/api/"):
        return _answer(request, problem)
    page = render_to_string("errors/alone.html", {"problem": problem, "request_id": context.request_id()})
    return HttpResponse(page, status=problem.status)
