"""What the API's answers pass on their way out."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from controlplane.lib.errors import Refusal
from controlplane.pages.api import answer


def api_method_errors(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The API's 405 in its error shape: django-ninja makes a plain one, past every exception handler."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or not request.path.startswith("/api/"):
            return response
        allowed = ", ".join(sorted(response["Allow"].split(", ")))
        message = f"{request.method} is not known here; this address takes {allowed}."
        shaped = answer(request, Refusal("METHOD_NOT_ALLOWED", message, 405))
        shaped["Allow"] = allowed
        return shaped

    return middleware
