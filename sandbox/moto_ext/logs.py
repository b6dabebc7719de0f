"""CloudWatch Logs: filter patterns, metric filters that act, tokens that survive, query definitions.

moto reads few patterns and keeps metric filters without acting on them; its tokens are places in a list, from which
old lines of a container are dropped here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from sys import maxsize
from typing import Any
from uuid import uuid4
from zlib import crc32

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import unix_time_millis, utcnow
from moto.logs import models, responses, urls
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException

from sandbox.log_patterns import Pattern, PatternInvalid, Values, extract, parse_pattern
from sandbox.metrics.store import Metric, dimensions_of, point_of
from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_model, use_response

_MOST_EVENTS = 10_000  # of a page
_START = (0, 0)
Position = tuple[int, int]  # an event's timestamp and its number in the stream


def pattern_of(text: str | None) -> Pattern:
    """Raises InvalidParameterException."""
    try:
        return parse_pattern(text or "")
    except PatternInvalid as error:
        raise InvalidParameterException(msg=str(error)) from error


class LogStream(models.LogStream):
    """Numbers its events: tokens and ids stay true when old events are dropped, and over a restart."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arrived = 0

    def put_log_events(self, log_events: list[dict[str, Any]]) -> str:
        token: str = super().put_log_events(log_events)
        for event in self.events[len(self.events) - len(log_events) :]:
            event.number = self.arrived
            event.event_id = f"{event.timestamp:020d}{crc32(self.log_stream_name.encode()):016d}{self.arrived:020d}"
            self.arrived += 1
        return token

    def since(self, number: int) -> list[Any]:
        """The events that arrived from this number on, as far as they are still there."""
        new = self.arrived - number
        return list(self.events[-new:]) if new > 0 else []

    def get_log_events(
        self, start_time: int, end_time: int, limit: int, next_token: str | None, start_from_head: bool
    ) -> tuple[list[dict[str, Any]], str, str]:
        """A page with its backward and forward token; at an end the token comes back as it was given."""
        limit = limit or _MOST_EVENTS
        events = sorted((each for each in list(self.events) if _within(each, start_time, end_time)), key=_position)
        direction, place = _read_token(next_token)
        if direction == "f":
            page = [each for each in events if _position(each) > place][:limit]
        elif direction == "b":
            page = [each for each in events if _position(each) < place][-limit:]
        else:
            page = events[:limit] if start_from_head else events[-limit:]
        if page:
            first, last = _position(page[0]), _position(page[-1])
        else:
            first = last = place if direction else _START
        return [each.to_response_dict() for each in page], _token("b", first), _token("f", last)

    def filter_log_events(self, start_time: int, end_time: int, filter_pattern: str) -> list[dict[str, Any]]:
        """Unlike GetLogEvents, events of the very end are among them."""
        pattern, last = pattern_of(filter_pattern), end_time or maxsize
        return [
            {**each.to_filter_dict(), "logStreamName": self.log_stream_name}
            for each in list(self.events)
            if _within(each, start_time, last + 1) and pattern.matches(each.message)
        ]


def _within(event: Any, start_time: int | None, end_time: int | None) -> bool:
    return (not start_time or event.timestamp >= start_time) and (not end_time or event.timestamp < end_time)


def _position(event: Any) -> Position:
    return event.timestamp, event.number


def _token(direction: str, position: Position) -> str:
    return f"{direction}/{position[0]:020d}{position[1]:036d}"


def _read_token(token: str | None) -> tuple[str | None, Position]:
    if token is None:
        return None, _START
    direction, _, digits = token.partition("/")
    if direction not in ("f", "b") or not digits.isdigit():
        raise InvalidParameterException(msg="The specified nextToken is invalid.")
    return direction, (int(digits[:-36] or 0), int(digits[-36:]))


class LogGroup(models.LogGroup):
    def filter_log_events(
        self,
        log_group_name: str,
        log_stream_names: list[str],
        start_time: int,
        end_time: int,
        limit: int | None,
        next_token: str | None,
        filter_pattern: str,
        interleaved: bool,
    ) -> tuple[list[dict[str, Any]], str | None, list[dict[str, Any]]]:
        """Over all streams by time, as AWS does by now; the token is the last event that was answered."""
        streams = [
            each for name, each in list(self.streams.items()) if not log_stream_names or name in log_stream_names
        ]
        found = [event for each in streams for event in each.filter_log_events(start_time, end_time, filter_pattern)]
        found.sort(key=lambda event: str(event["eventId"]))
        if next_token:
            found = [event for event in found if str(event["eventId"]) > next_token]
        page = found[: limit or _MOST_EVENTS]
        more = str(page[-1]["eventId"]) if len(found) > len(page) else None
        searched = [{"logStreamName": each.log_stream_name, "searchedCompletely": True} for each in streams]
        return page, more, searched


class LogsBackend(ExtendedBackend, models.LogsBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.query_definitions: dict[str, dict[str, Any]] = {}

    def group_of(self, identifier: str) -> Any:
        """By name or ARN; moto answers some other group where there is no such ARN."""
        name = identifier.split(":log-group:", 1)[-1].removesuffix(":*")
        if name not in self.groups:
            raise ResourceNotFoundException()
        return self.groups[name]

    def _find_log_group(self, log_group_id: str | None = None, log_group_name: str | None = None) -> Any:
        if not log_group_id and not log_group_name:
            raise InvalidParameterException(msg="Should provide either name or id, but not both")
        return self.group_of(log_group_name or log_group_id or "")

    def delete_log_group(self, log_group_name: str) -> None:
        super().delete_log_group(log_group_name)
        kept = [each for each in self.filters.metric_filters if each["logGroupName"] != log_group_name]
        self.filters.metric_filters = kept

    def put_log_events(
        self, log_group_name: str, log_stream_name: str, log_events: list[dict[str, Any]]
    ) -> tuple[str, dict[str, Any]]:
        answered: tuple[str, dict[str, Any]] = super().put_log_events(log_group_name, log_stream_name, log_events)
        for found in self.filters.metric_filters:
            if found["logGroupName"] == log_group_name:
                self._measure(found, log_events)
        return answered

    def put_metric_filter(
        self, filter_name: str, filter_pattern: str, log_group_name: str, metric_transformations: Any
    ) -> None:
        """A second one of the same name replaces the first; moto keeps both."""
        pattern_of(filter_pattern)
        self.group_of(log_group_name)
        self._drop_filter(filter_name, log_group_name)
        super().put_metric_filter(filter_name, filter_pattern, log_group_name, metric_transformations)
        self.filters.metric_filters[-1]["creationTime"] = int(unix_time_millis(utcnow()))

    def delete_metric_filter(self, filter_name: str | None = None, log_group_name: str | None = None) -> None:
        if not self._drop_filter(filter_name, log_group_name):
            raise ResourceNotFoundException(msg="The specified metric filter does not exist.")

    def _drop_filter(self, filter_name: str | None, log_group_name: str | None) -> bool:
        kept = [
            each
            for each in self.filters.metric_filters
            if (each["filterName"], each["logGroupName"]) != (filter_name, log_group_name)
        ]
        dropped = len(kept) < len(self.filters.metric_filters)
        self.filters.metric_filters = kept
        return dropped

    def _measure(self, found: Mapping[str, Any], log_events: list[dict[str, Any]]) -> None:
        """Report what a metric filter makes of these events; its default value where none of them matches."""
        pattern = pattern_of(found["filterPattern"])
        for transformation in found["metricTransformations"]:
            matched = False
            for event in log_events:
                values = pattern.match(event["message"])
                if values is not None:
                    matched |= self._report(transformation, event, values)
            default = transformation.get("defaultValue")
            if not matched and default is not None and log_events:
                self._put(transformation, log_events[-1]["timestamp"], float(default), {})

    def _report(self, transformation: Mapping[str, Any], event: Mapping[str, Any], values: Values) -> bool:
        """Whether the event had a number to report, and all the dimensions that it is reported under."""
        extracted = extract(str(transformation["metricValue"]), event["message"], values)
        try:
            value = float(extracted or "")
        except ValueError:
            return False
        dimensions = {
            name: extract(selector, event["message"], values)
            for name, selector in (transformation.get("dimensions") or {}).items()
        }
        told = {name: text for name, text in dimensions.items() if text}
        if len(told) < len(dimensions):
            return False
        self._put(transformation, event["timestamp"], value, told)
        return True

    def _put(
        self, transformation: Mapping[str, Any], timestamp: int, value: float, dimensions: Mapping[str, str]
    ) -> None:
        backend: Any = cloudwatch_backends[self.account_id][self.region_name]
        metric = Metric(transformation["metricNamespace"], transformation["metricName"], dimensions_of(dimensions))
        at = backend.moment_at(timestamp / 1000)
        backend.metrics.add(metric, transformation.get("unit") or "None", point_of(at, {value: 1.0}))


class LogsResponse(responses.LogsResponse):
    def test_metric_filter(self) -> str:
        pattern = pattern_of(self._get_param("filterPattern"))
        matches = [
            {"eventNumber": number, "eventMessage": message, "extractedValues": values}
            for number, message in enumerate(self._get_param("logEventMessages") or [], 1)
            if (values := pattern.match(message)) is not None
        ]
        return json.dumps({"matches": matches})

    def put_query_definition(self) -> str:
        definition_id = self._get_param("queryDefinitionId") or str(uuid4())
        self.logs_backend.query_definitions[definition_id] = {
            "queryDefinitionId": definition_id,
            "name": self._get_param("name"),
            "queryString": self._get_param("queryString"),
            "logGroupNames": self._get_param("logGroupNames") or [],
        }
        return json.dumps({"queryDefinitionId": definition_id})

    def describe_query_definitions(self) -> str:
        prefix = self._get_param("queryDefinitionNamePrefix") or ""
        definitions = self.logs_backend.query_definitions.values()
        return json.dumps({"queryDefinitions": [d for d in definitions if d["name"].startswith(prefix)]})

    def delete_query_definition(self) -> str:
        gone = self.logs_backend.query_definitions.pop(self._get_param("queryDefinitionId"), None)
        return json.dumps({"success": gone is not None})


def install() -> None:
    use_model(models, LogStream)
    use_model(models, LogGroup)
    use_backend(models.logs_backends, LogsBackend)
    use_response(urls, LogsResponse)
