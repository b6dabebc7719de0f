"""What an alarm sets in motion when its state changes: one function per kind of action.

An action is an ARN; its service (`sns`, `autoscaling`, ...) says who carries it out. Whoever implements a service
registers its function once, before the sandbox starts:

    actions.register("autoscaling", carry_out_policy, every_evaluation=True)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AlarmNotice:
    """An alarm in a state. `alarm` is moto's object (name, alarm_arn, threshold, metric_name, ...).

    `changed` is False where the alarm was in this state already: Auto Scaling is told at every evaluation.
    `value`: the newest evaluated datapoint, None where there was none or the alarm is a composite one.
    `moment`: sandbox epoch seconds; `at`: real time.
    """

    account: str
    region: str
    alarm: Any
    old_state: str
    new_state: str
    reason: str
    value: float | None
    moment: float
    at: datetime
    changed: bool = True


Handler = Callable[[str, AlarmNotice], None]


@dataclass(frozen=True)
class _Registered:
    handler: Handler
    every_evaluation: bool


_HANDLERS: dict[str, _Registered] = {}


def register(service: str, handler: Handler, *, every_evaluation: bool = False) -> None:
    """Let `handler(action_arn, notice)` carry out the actions of a service, named as in its ARNs.

    `every_evaluation`: as Auto Scaling, also while the alarm stays in its state, not only when it changes.
    """
    _HANDLERS[service] = _Registered(handler, every_evaluation)


def actions_of(alarm: Any, state: str) -> list[str]:
    """The ARNs that the alarm names for this state; none while its actions are disabled."""
    if not alarm.actions_enabled:
        return []
    lists = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions, "INSUFFICIENT_DATA": alarm.insufficient_data_actions}
    return list(lists[state] or [])


def carry_out(arns: Iterable[str], notice: AlarmNotice) -> list[tuple[str, str | None]]:
    """Tell whoever is concerned; returns each action that was carried out with its error, None where it went well.

    As CloudWatch, a failed action (a topic that does not exist) is noted in the history and never repeated.
    """
    done: list[tuple[str, str | None]] = []
    for arn in arns:
        registered = _HANDLERS.get(arn.split(":")[2] if arn.count(":") >= 5 else "")
        if registered is None or not (notice.changed or registered.every_evaluation):
            continue
        try:
            registered.handler(arn, notice)
            done.append((arn, None))
        except Exception as error:
            log.warning("the alarm %s could not carry out %s: %s", notice.alarm.name, arn, error)
            done.append((arn, str(error) or type(error).__name__))
    return done
