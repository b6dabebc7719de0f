"""An alarm changes its state: what is remembered of it, and who is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.metrics import actions
from sandbox.metrics.actions import AlarmNotice

HISTORY_KEPT = 200  # items of an alarm


def change_state(
    backend: Any, alarm: Any, state: str, reason: str, data: str, clock: Clock, value: float | None = None
) -> None:
    """Put the alarm into `state` and carry out what it names for it; nothing is carried out where it was there before.

    `data` is StateReasonData, a JSON text.
    """
    before = alarm.state_value
    alarm.update_state(reason, data, state)
    if state != before:
        tell(backend, alarm, before, clock, value)


def tell(backend: Any, alarm: Any, before: str, clock: Clock, value: float | None, *, changed: bool = True) -> None:
    """Carry out the actions of the alarm's present state."""
    arns = actions.actions_of(alarm, alarm.state_value)
    if not arns:
        return
    notice = AlarmNotice(
        account=backend.account_id,
        region=backend.region_name,
        alarm=alarm,
        old_state=before,
        new_state=alarm.state_value,
        reason=alarm.state_reason,
        value=value,
        moment=clock.epoch(),
        at=datetime.now(UTC),
        changed=changed,
    )
    for arn, error in actions.carry_out(arns, notice):
        if changed:
            _note_action(alarm, arn, error)


def remember(alarm: Any, kind: str, summary: str, data: dict[str, Any]) -> None:
    """Add an item to DescribeAlarmHistory; `kind` is ConfigurationUpdate, StateUpdate or Action."""
    alarm.state_history.append(
        {
            "AlarmName": alarm.name,
            "AlarmType": "CompositeAlarm" if alarm.rule else "MetricAlarm",
            "Timestamp": datetime.now(UTC),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps({"version": "1.0", **data}),
        }
    )
    del alarm.state_history[:-HISTORY_KEPT]


def _note_action(alarm: Any, arn: str, error: str | None) -> None:
    outcome = "Failed" if error else "Succeeded"
    summary = f"Failed to execute action {arn}" if error else f"Successfully executed action {arn}"
    data = {"actionState": outcome, "notificationResource": arn, "stateUpdateTimestamp": None, "error": error}
    remember(alarm, "Action", summary, {key: value for key, value in data.items() if value is not None})
