"""SNS posts alarms to subscribers on this machine: asked first, signed verifiably, tried again, never elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import urllib3
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature

from tests.sandbox_fixture import SandboxProcess, eventually, launch, start_sandbox
from tests.sandbox_subscriber import Subscriber, subscriber, verify


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture
def listening() -> Iterator[Subscriber]:
    with subscriber() as keeps:
        yield keeps


def subscribed(sandbox: SandboxProcess, listening: Subscriber, **attributes: str) -> tuple[str, str]:
    """A new topic and its confirmed subscription."""
    sns = sandbox.client("sns")
    topic = sns.create_topic(Name=f"topic-{uuid4().hex[:6]}")["TopicArn"]
    arn = sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=listening.url, ReturnSubscriptionArn=True, Attributes=attributes
    )["SubscriptionArn"]
    asked = eventually(lambda: listening.messages("SubscriptionConfirmation"))[-1]
    assert urllib3.request("GET", asked["SubscribeURL"]).status == 200
    return topic, arn


def notice(listening: Subscriber) -> dict[str, Any]:
    return eventually(lambda: listening.messages("Notification"), why="a notification")[-1]


def test_a_subscriber_is_asked_before_it_gets_anything(sandbox: SandboxProcess, listening: Subscriber) -> None:
    sns = sandbox.client("sns")
    topic = sns.create_topic(Name="asked")["TopicArn"]
    answered = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=listening.url)
    assert answered["SubscriptionArn"] == "pending confirmation"
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsPending"] == "1"
    asked = eventually(lambda: listening.messages("SubscriptionConfirmation"))[0]
    verify(asked)
    assert asked["TopicArn"] == topic
    assert asked["SubscribeURL"].startswith(sandbox.url)
    sns.publish(TopicArn=topic, Message="too early")
    confirmed = sns.confirm_subscription(TopicArn=topic, Token=asked["Token"])["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="now")
    assert notice(listening)["Message"] == "now"
    assert [each["Message"] for each in listening.messages("Notification")] == ["now"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=confirmed)["Attributes"]
    assert attributes["PendingConfirmation"] == "false"


def test_a_wrong_token_confirms_nothing(sandbox: SandboxProcess, listening: Subscriber) -> None:
    sns = sandbox.client("sns")
    topic = sns.create_topic(Name="guessed")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=listening.url)
    with pytest.raises(ClientError, match="Invalid token"):
        sns.confirm_subscription(TopicArn=topic, Token="guessed")
    link = f"{sandbox.url}/?Action=ConfirmSubscription&TopicArn={topic}&Token=guessed"
    assert urllib3.request("GET", link).status == 400
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsPending"] == "1"


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_notification_can_be_verified_and_a_changed_one_cannot(
    sandbox: SandboxProcess, listening: Subscriber, version: str
) -> None:
    topic, arn = subscribed(sandbox, listening)
    sns = sandbox.client("sns")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SignatureVersion"] == version
    published = sns.publish(TopicArn=topic, Subject="A subject", Message="A message")["MessageId"]
    message = notice(listening)
    assert (message["MessageId"], message["Subject"], message["SignatureVersion"]) == (published, "A subject", version)
    verify(message)
    with pytest.raises(InvalidSignature):
        verify({**message, "Message": "Another message"})
    headers, _ = listening.received[-1]
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-subscription-arn"] == arn
    assert headers["content-type"] == "text/plain; charset=UTF-8"


def test_an_alarm_tells_its_topic_what_cloudwatch_tells(sandbox: SandboxProcess, listening: Subscriber) -> None:
    topic, _ = subscribed(sandbox, listening)
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="told", AlarmDescription="Too many", Namespace="Shop", MetricName="Orders", Period=60,
        Dimensions=[{"Name": "Kind", "Value": "Web"}], EvaluationPeriods=1, Threshold=3.0, Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic], TreatMissingData="ignore",
    )  # fmt: skip
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[{"MetricName": "Orders", "Dimensions": [{"Name": "Kind", "Value": "Web"}], "Value": 5}],
    )
    message = notice(listening)
    verify(message)
    assert message["Subject"] == 'ALARM: "told" in US East (N. Virginia)'
    told = json.loads(message["Message"])
    assert (told["AlarmName"], told["NewStateValue"], told["OldStateValue"]) == ("told", "ALARM", "INSUFFICIENT_DATA")
    assert told["AWSAccountId"] == "123456789012"
    assert told["NewStateReason"].startswith("Threshold Crossed: 1 datapoint [5.0 (")
    assert told["AlarmActions"] == [topic]
    trigger = told["Trigger"]
    assert (trigger["MetricName"], trigger["Statistic"], trigger["Threshold"]) == ("Orders", "SUM", 3.0)
    assert trigger["Dimensions"] == [{"value": "Web", "name": "Kind"}]
    history = cloudwatch.describe_alarm_history(AlarmName="told", HistoryItemType="Action")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history] == [f"Successfully executed action {topic}"]


def test_disabled_actions_tell_nobody(sandbox: SandboxProcess, listening: Subscriber) -> None:
    topic, _ = subscribed(sandbox, listening)
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="mute", Namespace="N", MetricName="M", Period=60, EvaluationPeriods=1, Threshold=1, Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic], OKActions=[topic], TreatMissingData="ignore",
    )  # fmt: skip
    cloudwatch.disable_alarm_actions(AlarmNames=["mute"])
    cloudwatch.set_alarm_state(AlarmName="mute", StateValue="ALARM", StateReason="nobody hears it")
    cloudwatch.enable_alarm_actions(AlarmNames=["mute"])
    cloudwatch.set_alarm_state(AlarmName="mute", StateValue="OK", StateReason="heard")
    assert json.loads(notice(listening)["Message"])["NewStateReason"] == "heard"
    assert len(listening.messages("Notification")) == 1


def test_an_action_that_fails_is_in_the_history(sandbox: SandboxProcess) -> None:
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="astray", Namespace="N", MetricName="M", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", Statistic="Sum", TreatMissingData="ignore",
        AlarmActions=["arn:aws:sns:us-east-1:123456789012:nowhere"],
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="astray", StateValue="ALARM", StateReason="test")
    history = cloudwatch.describe_alarm_history(AlarmName="astray", HistoryItemType="Action")["AlarmHistoryItems"]
    assert [item["HistorySummary"].startswith("Failed to execute action") for item in history] == [True]


def test_a_subscriber_that_fails_is_tried_again_but_not_for_ever(
    sandbox: SandboxProcess, listening: Subscriber
) -> None:
    topic, _ = subscribed(sandbox, listening)
    listening.received.clear()
    listening.statuses = [500, 503, 200]
    sandbox.client("sns").publish(TopicArn=topic, Message="again")
    eventually(lambda: len(listening.received) == 3)
    assert len({headers["x-amz-sns-message-id"] for headers, _ in listening.received}) == 1
    listening.received.clear()
    listening.statuses = [500] * 50
    sandbox.client("sns").publish(TopicArn=topic, Message="in vain")
    eventually(lambda: len(listening.received) == 5)
    listening.statuses = []
    sandbox.client("sns").publish(TopicArn=topic, Message="next")
    eventually(lambda: len(listening.received) == 6)
    assert [json.loads(body)["Message"] for _, body in listening.received] == ["in vain"] * 5 + ["next"]


def test_raw_delivery_is_the_message_alone(sandbox: SandboxProcess, listening: Subscriber) -> None:
    topic, _ = subscribed(sandbox, listening, RawMessageDelivery="true")
    sandbox.client("sns").publish(TopicArn=topic, Message="plain words")
    eventually(lambda: len(listening.received) == 2)
    headers, body = listening.received[-1]
    assert (body, headers["x-amz-sns-rawdelivery"]) == ("plain words", "true")


def test_unsubscribing_by_the_link_ends_it(sandbox: SandboxProcess, listening: Subscriber) -> None:
    topic, _ = subscribed(sandbox, listening)
    sns = sandbox.client("sns")
    sns.publish(TopicArn=topic, Message="one")
    assert urllib3.request("GET", notice(listening)["UnsubscribeURL"]).status == 200
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_after_a_restart_the_subscription_and_its_certificate_are_the_same(
    tmp_path: Path, listening: Subscriber
) -> None:
    first = launch(tmp_path, scale=50)
    topic, _ = subscribed(first, listening)
    before = listening.messages("SubscriptionConfirmation")[0]["SigningCertURL"].rsplit("/", 1)[-1]
    first.stop()
    with start_sandbox(tmp_path, scale=50) as second:
        second.client("sns").publish(TopicArn=topic, Message="back")
        message = notice(listening)
        verify(message)
        assert message["SigningCertURL"].rsplit("/", 1)[-1] == before
