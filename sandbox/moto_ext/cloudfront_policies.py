"""CloudFront: cache policies, response headers policies and monitoring subscriptions, which moto has not.

Each is kept as the document that it was given, and given back as such (CloudFront API reference, version 2020-05-31).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from moto.cloudfront import urls
from moto.cloudfront.models import cloudfront_backends
from moto.core.responses import BaseResponse

from sandbox.moto_ext.cloudfront import CloudFrontBackend

_NAMESPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
_KINDS = {"cache-policy": "CachePolicy", "response-headers-policy": "ResponseHeadersPolicy"}
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>\s*")
_NAMED = re.compile(r"<Name>([^<]*)</Name>")
_CHANGED = "2021-11-27T10:34:26.802Z"
_Answer = tuple[int, dict[str, str], str]


def _refused(status: int, code: str) -> _Answer:
    error = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return status, {"Content-Type": "text/xml"}, f'<ErrorResponse xmlns="{_NAMESPACE}">{error}</ErrorResponse>'


class CloudFrontDocuments(BaseResponse):
    """Answers on the paths of policies and subscriptions."""

    @classmethod
    def policies(cls, request: Any, full_url: str, headers: Mapping[str, str]) -> _Answer:
        response = cls()
        response.setup_class(request, full_url, headers)
        return response._policies(request, full_url)

    @classmethod
    def subscriptions(cls, request: Any, full_url: str, headers: Mapping[str, str]) -> _Answer:
        response = cls()
        response.setup_class(request, full_url, headers)
        return response._subscriptions(request, full_url)

    def _policies(self, request: Any, full_url: str) -> _Answer:
        kind, _, rest = urlsplit(full_url).path.split("/2020-05-31/")[1].partition("/")
        id_, _, part = rest.partition("/")
        kept, element = self._backend.policies.setdefault(kind, {}), _KINDS[kind]
        if request.method == "POST":
            document = _document(request)
            if any(_name(each) == _name(document) for each in kept.values()):
                return _refused(409, f"{element}AlreadyExists")
            id_ = self._backend.new_id()
            kept[id_] = document
            return _policy(element, id_, document, 201)
        if id_ not in kept:
            return _refused(404, f"NoSuch{element}")
        if request.method == "DELETE":
            del kept[id_]
            return 204, {}, ""
        if request.method == "PUT":
            kept[id_] = _document(request)
        if part == "config":
            return 200, {"Content-Type": "text/xml", "ETag": id_}, kept[id_]
        return _policy(element, id_, kept[id_], 200)

    def _subscriptions(self, request: Any, full_url: str) -> _Answer:
        distribution = urlsplit(full_url).path.split("/distributions/")[1].split("/")[0]
        kept = self._backend.subscriptions
        if distribution not in self._backend.distributions:
            return _refused(404, "NoSuchDistribution")
        if request.method == "POST":
            kept[distribution] = _document(request)
        if distribution not in kept:
            return _refused(404, "NoSuchMonitoringSubscription")
        if request.method == "DELETE":
            del kept[distribution]
            return 200, {}, ""
        return 200, {"Content-Type": "text/xml"}, kept[distribution]

    @property
    def _backend(self) -> CloudFrontBackend:
        backend: CloudFrontBackend = cloudfront_backends[self.current_account][self.partition]
        return backend


def _document(request: Any) -> str:
    return _DECLARATION.sub("", request.get_data(as_text=True))


def _name(document: str) -> str:
    found = _NAMED.search(document)
    return found.group(1) if found else ""


def _policy(element: str, id_: str, document: str, status: int) -> _Answer:
    body = (
        f'<{element} xmlns="{_NAMESPACE}"><Id>{id_}</Id><LastModifiedTime>{_CHANGED}</LastModifiedTime>'
        f"{document}</{element}>"
    )
    return status, {"Content-Type": "text/xml", "ETag": id_}, body


def install() -> None:
    paths = [f"{kind}{rest}" for kind in _KINDS for rest in ("", "/(?P<id>[^/]+)", "/(?P<id>[^/]+)/config")]
    for path in paths:
        urls.url_paths[f"{{0}}/2020-05-31/{path}$"] = CloudFrontDocuments.policies  # {0} is moto's placeholder
    subscription = "{0}/2020-05-31/distributions/(?P<id>[^/]+)/monitoring-subscription/?$"
    urls.url_paths[subscription] = CloudFrontDocuments.subscriptions
