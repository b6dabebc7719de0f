"""The links in SNS's messages, followed without a signature: the certificate, confirming, unsubscribing."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4
from xml.sax.saxutils import escape

from moto.core.exceptions import ServiceException
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import sns_backends
from werkzeug.wrappers import Response

from sandbox.moto_ext.sns import signer

_ARN = re.compile(r"^arn:[\w-]+:sns:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):(?P<account>\d{12}):")
_NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"


def answer(environ: dict[str, Any]) -> Response | None:
    """The answer to one of these links; None where the request is none of them."""
    if environ.get("REQUEST_METHOD") != "GET" or environ.get("HTTP_AUTHORIZATION"):
        return None
    path = environ.get("PATH_INFO", "")
    if path.startswith("/SimpleNotificationService-"):
        return _certificate(path.removeprefix("/"))
    query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    if path != "/" or "X-Amz-Credential" in query:
        return None
    if query.get("Action") == "ConfirmSubscription":
        return _confirm(query)
    if query.get("Action") == "Unsubscribe":
        return _unsubscribe(query.get("SubscriptionArn", ""))
    return None


def _certificate(name: str) -> Response:
    own = signer()
    if name != own.file_name:
        return Response("no such certificate\n", 404)
    return Response(own.certificate, content_type="application/x-pem-file")


def _confirm(query: dict[str, str]) -> Response:
    topic_arn = query.get("TopicArn", "")
    try:
        arn = _backend(topic_arn).confirm(topic_arn, query.get("Token", ""), authenticated=False)
    except ServiceException as error:
        return _error(error)
    result = f"<ConfirmSubscriptionResult><SubscriptionArn>{escape(arn)}</SubscriptionArn></ConfirmSubscriptionResult>"
    return _xml("ConfirmSubscription", result)


def _unsubscribe(arn: str) -> Response:
    try:
        backend = _backend(arn)
    except ServiceException as error:
        return _error(error)
    if arn in backend.subscriptions:
        backend.unsubscribe(arn)
    return _xml("Unsubscribe", "")


def _backend(arn: str) -> Any:
    """The backend that an ARN belongs to. Raises moto's SNS error."""
    found = _ARN.match(arn)
    if found is None:
        raise SNSInvalidParameter(f"Invalid parameter: {arn!r} is not the ARN of a topic or subscription")
    return sns_backends[found["account"]][found["region"]]


def _xml(action: str, result: str) -> Response:
    metadata = f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>"
    body = f'<{action}Response xmlns="{_NAMESPACE}">{result}{metadata}</{action}Response>'
    return Response(body, content_type="text/xml")


def _error(error: ServiceException) -> Response:
    code, message = escape(str(error.code)), escape(str(error.message))
    told = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f'<ErrorResponse xmlns="{_NAMESPACE}">{told}</ErrorResponse>'
    return Response(body, 400, content_type="text/xml")
