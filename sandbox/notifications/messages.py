"""The JSON that SNS posts to HTTP subscribers, and what of it is signed. Pure.

After SNS's developer guide, "Parsing message formats" and "Verifying the signatures of Amazon SNS messages".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOTIFICATION, CONFIRMATION = "Notification", "SubscriptionConfirmation"
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def notification(
    *, message_id: str, topic_arn: str, message: str, subject: str | None, timestamp: str, unsubscribe_url: str
) -> dict[str, Any]:
    """A published message, not yet signed. `timestamp` is ISO 8601 with milliseconds and Z."""
    return {
        "Type": NOTIFICATION,
        "MessageId": message_id,
        "TopicArn": topic_arn,
        **({"Subject": subject} if subject else {}),
        "Message": message,
        "Timestamp": timestamp,
        "UnsubscribeURL": unsubscribe_url,
    }


def confirmation(*, message_id: str, token: str, topic_arn: str, timestamp: str, subscribe_url: str) -> dict[str, Any]:
    """What asks a new subscriber whether it wants to be one, not yet signed."""
    return {
        "Type": CONFIRMATION,
        "MessageId": message_id,
        "Token": token,
        "TopicArn": topic_arn,
        "Message": (
            f"You have chosen to subscribe to the topic {topic_arn}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message."
        ),
        "SubscribeURL": subscribe_url,
        "Timestamp": timestamp,
    }


def text_to_sign(message: Mapping[str, Any]) -> str:
    """Name and value of every signed field that the message has, a line each."""
    return "".join(f"{name}\n{message[name]}\n" for name in _SIGNED[message["Type"]] if name in message)


def headers(message: Mapping[str, Any], subscription_arn: str | None, *, raw: bool) -> dict[str, str]:
    found = {
        "x-amz-sns-message-type": str(message["Type"]),
        "x-amz-sns-message-id": str(message["MessageId"]),
        "x-amz-sns-topic-arn": str(message["TopicArn"]),
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    if subscription_arn:
        found["x-amz-sns-subscription-arn"] = subscription_arn
    if raw:
        found["x-amz-sns-rawdelivery"] = "true"
    return found
