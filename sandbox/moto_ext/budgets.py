"""Budgets: UpdateBudget, UpdateNotification, DescribeSubscribersForNotification and tags."""

from __future__ import annotations

import json
from typing import Any

from moto.budgets import models, responses, urls
from moto.budgets.exceptions import NotFoundException

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_response

_NOTIFICATION_KEY = ("NotificationType", "ComparisonOperator", "Threshold")


class BudgetsBackend(ExtendedBackend, models.BudgetsBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.tags: dict[str, dict[str, str]] = {}


class BudgetsResponse(responses.BudgetsResponse):
    def _budget(self) -> Any:
        name = self._get_param("BudgetName") or (self._get_param("NewBudget") or {}).get("BudgetName")
        budgets = self.backend.budgets[self._get_param("AccountId")]
        if name not in budgets:
            raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
        return budgets[name]

    def _tags(self, arn: str) -> dict[str, str]:
        tags: dict[str, dict[str, str]] = self.backend.tags
        return tags.setdefault(arn, {})

    def create_budget(self) -> str:
        body = super().create_budget()
        if tags := self._get_param("ResourceTags"):
            name = self._get_param("Budget")["BudgetName"]
            arn = f"arn:aws:budgets::{self._get_param('AccountId')}:budget/{name}"
            self._tags(arn).update({tag["Key"]: tag["Value"] for tag in tags})
        return body

    def update_budget(self) -> str:
        held = self._budget()
        held.budget = {"TimePeriod": held.budget.get("TimePeriod"), **self._get_param("NewBudget")}
        return "{}"

    def update_notification(self) -> str:
        for notification in self._budget().notifications:
            if notification.details == self._get_param("OldNotification"):
                notification.details = self._get_param("NewNotification")
        return "{}"

    def describe_subscribers_for_notification(self) -> str:
        wanted = self._get_param("Notification")
        subscribers = [
            subscriber
            for notification in self._budget().notifications
            if all(notification.details.get(key) == wanted.get(key) for key in _NOTIFICATION_KEY)
            for subscriber in notification.subscribers
        ]
        return json.dumps({"Subscribers": subscribers})

    def list_tags_for_resource(self) -> str:
        tags = self._tags(self._get_param("ResourceARN"))
        return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]})

    def tag_resource(self) -> str:
        tags = self._get_param("ResourceTags")
        self._tags(self._get_param("ResourceARN")).update({tag["Key"]: tag["Value"] for tag in tags})
        return "{}"

    def untag_resource(self) -> str:
        for key in self._get_param("ResourceTagKeys"):
            self._tags(self._get_param("ResourceARN")).pop(key, None)
        return "{}"


def install() -> None:
    use_backend(models.budgets_backends, BudgetsBackend)
    use_response(urls, BudgetsResponse)
