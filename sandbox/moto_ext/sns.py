"""SNS: HTTP subscribers are asked first, messages are signed by one key whose certificate can be fetched here.

moto posts at once and from within the call, to anywhere, without asking, with a certificate that lies nowhere.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.sns import models, responses, urls
from moto.sns.exceptions import SNSInvalidParameter, SNSNotFoundError

from sandbox import ACCOUNT_ID, DEFAULT_REGION
from sandbox.metrics import actions
from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_model, use_response
from sandbox.notifications.alarms import publish
from sandbox.notifications.delivery import Outbox
from sandbox.notifications.messages import confirmation, notification, text_to_sign
from sandbox.notifications.signing import SIGNATURE_VERSIONS, Signer

_OVER_HTTP = ("http", "https")


class Subscription(models.Subscription):
    """`outbox` is the running sandbox's. An HTTP subscriber gets nothing before it has confirmed."""

    outbox: ClassVar[Outbox]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.token = secrets.token_hex(64)

    @property
    def pending(self) -> bool:
        return self.protocol in _OVER_HTTP and not self.confirmed

    @property
    def subscription_arn(self) -> str:
        """What lists show."""
        return "PendingConfirmation" if self.pending else str(self.arn)

    def ask(self) -> None:
        """Send the confirmation request, as SNS does at every Subscribe of one that is pending."""
        self.attributes["PendingConfirmation"] = True
        link = self._link("ConfirmSubscription", TopicArn=self.topic.arn, Token=self.token)
        message = confirmation(
            message_id=str(uuid4()), token=self.token, topic_arn=self.topic.arn, timestamp=_now(), subscribe_url=link
        )
        self.outbox.post(self.endpoint, self._signed(message), None)

    def confirm(self, *, authenticated: bool) -> None:
        self.confirmed = True
        self.attributes["PendingConfirmation"] = False
        self.attributes["ConfirmationWasAuthenticated"] = authenticated

    def publish(
        self,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> None:
        if self.protocol not in _OVER_HTTP:
            super().publish(
                message, message_id, subject, message_attributes, group_id, deduplication_id, message_structure
            )
            return
        wanted = self._filter_policy_matcher
        if self.pending or (wanted is not None and not wanted.matches(message_attributes, message)):
            return
        if message_structure == "json":
            message = self._parse_message_structure(message, self.protocol)
        raw = str(self.attributes.get("RawMessageDelivery")).lower() == "true"
        data = self.get_post_data(message, message_id, subject, message_attributes)
        self.outbox.post(self.endpoint, data, self.arn, raw=raw)

    def get_post_data(
        self, message: str, message_id: str, subject: str | None, message_attributes: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The signed message; SQS subscribers get the same one."""
        data = notification(
            message_id=message_id,
            topic_arn=self.topic.arn,
            message=message,
            subject=subject,
            timestamp=_now(),
            unsubscribe_url=self._link("Unsubscribe", SubscriptionArn=self.arn),
        )
        signed = self._signed(data)
        return {**signed, "MessageAttributes": message_attributes} if message_attributes else signed

    def _signed(self, message: dict[str, Any]) -> dict[str, Any]:
        own = signer()
        version = getattr(self.topic, "signature_version", SIGNATURE_VERSIONS[0])
        return {
            **message,
            "SignatureVersion": version,
            "Signature": own.sign(text_to_sign(message), version),
            "SigningCertURL": f"{self.outbox.base_url}/{own.file_name}",
        }

    def _link(self, action: str, **parameters: str) -> str:
        return f"{self.outbox.base_url}/?{urlencode({'Action': action, **parameters})}"


class SNSBackend(ExtendedBackend, models.SNSBackend):
    """`signer` is kept in the backend of the default account and region: one for the whole sandbox."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.signer: Signer | None = None

    def set_topic_attribute(self, topic_arn: str, attribute_name: str, attribute_value: str) -> None:
        if attribute_name == "signature_version" and attribute_value not in SIGNATURE_VERSIONS:
            raise SNSInvalidParameter("Invalid parameter: SignatureVersion must be 1 or 2")
        super().set_topic_attribute(topic_arn, attribute_name, attribute_value)

    def confirm(self, topic_arn: str, token: str, *, authenticated: bool) -> str:
        """The ARN of the subscription whose token this is, confirmed now. Raises moto's SNS errors."""
        if topic_arn not in self.topics:
            raise SNSNotFoundError("Topic does not exist")
        for subscription in list(self.subscriptions.values()):
            if subscription.topic.arn == topic_arn and secrets.compare_digest(subscription.token, token):
                subscription.confirm(authenticated=authenticated)
                return str(subscription.arn)
        raise SNSInvalidParameter("Invalid token")


class SNSResponse(responses.SNSResponse):
    def subscribe(self) -> ActionResult:
        answered = super().subscribe()
        subscription = self.backend.subscriptions[answered.result["SubscriptionArn"]]
        if not subscription.pending:
            return answered
        subscription.ask()
        if self._get_bool_param("ReturnSubscriptionArn"):
            return answered
        return ActionResult({"SubscriptionArn": "pending confirmation"})

    def confirm_subscription(self) -> ActionResult:
        arn = self.backend.confirm(self._get_param("TopicArn"), self._get_param("Token") or "", authenticated=True)
        return ActionResult({"SubscriptionArn": arn})

    def get_topic_attributes(self) -> ActionResult:
        """moto counts no subscriptions and forgets the signature version."""
        answered = super().get_topic_attributes()
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        mine = [each for each in self.backend.subscriptions.values() if each.topic.arn == topic.arn]
        pending = sum(each.pending for each in mine)
        attributes = answered.result["Attributes"]
        attributes |= {"SubscriptionsPending": str(pending), "SubscriptionsConfirmed": str(len(mine) - pending)}
        if version := getattr(topic, "signature_version", None):
            attributes["SignatureVersion"] = version
        return answered


def signer() -> Signer:
    """The sandbox's own, made when it is first needed."""
    backend = models.sns_backends[ACCOUNT_ID][DEFAULT_REGION]
    if backend.signer is None:
        backend.signer = Signer.create()
    return backend.signer


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def install() -> None:
    use_model(models, Subscription)
    use_backend(models.sns_backends, SNSBackend)
    use_response(urls, SNSResponse)
    actions.register("sns", publish)
