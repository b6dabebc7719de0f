"""The Price List Service, which moto does not have at all: GetProducts, DescribeServices and GetAttributeValues."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from sandbox.money import products

_FORMAT = "aws_v1"
_MOST = 100
_CONTENT_TYPE = "application/x-amz-json-1.1"


class PricingError(Exception):
    """`code` is one of the service's own."""

    def __init__(self, message: str, code: str = "InvalidParameterException") -> None:
        super().__init__(message)
        self.code = code


def respond(action: str, body: bytes) -> Response:
    """The answer to a call of this service. Raises NotImplementedError for actions that it does not have."""
    handler = _ACTIONS.get(action)
    if handler is None:
        raise NotImplementedError(action)
    try:
        asked = json.loads(body or b"{}")
        return Response(json.dumps(handler(asked)), 200, content_type=_CONTENT_TYPE)
    except PricingError as error:
        refused = {"__type": error.code, "message": str(error)}
        return Response(json.dumps(refused), 400, content_type=_CONTENT_TYPE)


def _get_products(asked: Mapping[str, Any]) -> dict[str, Any]:
    service = _service(asked)
    filters = asked.get("Filters") or []
    for each in filters:
        if each.get("Type") not in products.FILTERS:
            raise PricingError(f"Type of a filter must be one of {', '.join(products.FILTERS)}")
    found = [each for each in products.products() if each.service == service and products.matches(each, filters)]
    page, token = _page(asked, found)
    return _answer("PriceList", [json.dumps(products.document(each)) for each in page], token)


def _describe_services(asked: Mapping[str, Any]) -> dict[str, Any]:
    known = products.services()
    wanted = [_service(asked)] if asked.get("ServiceCode") else list(known)
    page, token = _page(asked, wanted)
    return _answer("Services", [{"ServiceCode": each, "AttributeNames": known[each]} for each in page], token)


def _get_attribute_values(asked: Mapping[str, Any]) -> dict[str, Any]:
    service, name = _service(asked), asked.get("AttributeName", "")
    if name not in products.services()[service]:
        raise PricingError(f"{service} has no attribute {name!r}")
    held = {products.value_of(each, name) for each in products.products() if each.service == service}
    page, token = _page(asked, sorted(value for value in held if value))
    answer = _answer("AttributeValues", [{"Value": each} for each in page], token)
    answer.pop("FormatVersion")
    return answer


def _service(asked: Mapping[str, Any]) -> str:
    code = str(asked.get("ServiceCode") or "")
    if code not in products.services():
        raise PricingError(f"Invalid Service Code: {code}. Here are {', '.join(products.services())}")
    return code


def _page(asked: Mapping[str, Any], found: list[Any]) -> tuple[list[Any], str | None]:
    token, most = asked.get("NextToken"), int(asked.get("MaxResults") or _MOST)
    if asked.get("FormatVersion") not in (None, _FORMAT):
        raise PricingError(f"FormatVersion must be {_FORMAT}")
    if token is not None and not str(token).isdigit():
        raise PricingError("The pagination token is invalid", "InvalidNextTokenException")
    start = int(token or 0)
    return found[start : start + most], str(start + most) if len(found) > start + most else None


def _answer(name: str, found: list[Any], token: str | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"FormatVersion": _FORMAT, name: found}
    return answer if token is None else answer | {"NextToken": token}


_ACTIONS = {
    "GetProducts": _get_products,
    "DescribeServices": _describe_services,
    "GetAttributeValues": _get_attribute_values,
}
