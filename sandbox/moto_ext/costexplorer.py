"""Cost Explorer: moto answers only what was posted to it before; here it answers from the sandbox's account book."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from moto.ce import models, responses, urls
from moto.core.exceptions import JsonRESTError

from sandbox.money import answers
from sandbox.money.answers import QueryInvalid
from sandbox.money.ledger import Ledger
from sandbox.money.meter import Meter
from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_response

_PAGE = 1_000  # groups or totals of an answer
_FORECASTS = ("UNBLENDED_COST", "BLENDED_COST", "AMORTIZED_COST", "NET_UNBLENDED_COST", "NET_AMORTIZED_COST")
_SPREAD = Decimal("0.2")  # half the width of a forecast's interval, of its mean (inferred)


class CostExplorerBackend(ExtendedBackend, models.CostExplorerBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.ledger = Ledger()


class Refused(JsonRESTError):
    def __init__(self, message: str, code: str = "ValidationException") -> None:
        super().__init__(code, message)


class CostExplorerResponse(responses.CostExplorerResponse):
    """`meter` is the running sandbox's; every answer counts what was used until now."""

    meter: Meter

    @property
    def _ledger(self) -> Ledger:
        type(self).meter.look()
        ledger: Ledger = self.ce_backend.ledger
        return ledger

    def get_cost_and_usage(self) -> str:
        asked = json.loads(self.body)
        given = asked.get("GroupBy") or []
        try:
            whole = answers.period_of(asked.get("TimePeriod") or {})
            keep = answers.filter_of(asked.get("Filter"), self.current_account)
            group = answers.group_of(given, self.current_account) if given else None
            entries = [each for each in self._ledger.between(whole.start, whole.end) if keep(each.item)]
            parts = answers.periods(whole, asked.get("Granularity"))
            results = answers.results_by_time(entries, parts, asked.get("Metrics") or [], group, _today())
        except QueryInvalid as error:
            raise Refused(str(error)) from error
        page, following = answers.page(results, _offset(asked), _PAGE)
        answer: dict[str, Any] = {"ResultsByTime": page, "GroupDefinitions": given, "DimensionValueAttributes": []}
        return json.dumps(_with_token(answer, following))

    def get_cost_forecast(self) -> str:
        """As if everything went on as it is now."""
        asked = json.loads(self.body)
        try:
            whole = answers.period_of(asked.get("TimePeriod") or {})
            keep = answers.filter_of(asked.get("Filter"), self.current_account)
            parts = list(answers.periods(whole, asked.get("Granularity")))
        except QueryInvalid as error:
            raise Refused(str(error)) from error
        if asked.get("Metric") not in _FORECASTS:
            raise Refused(f"Metric must be one of {', '.join(_FORECASTS)}, not {asked.get('Metric')}")
        if whole.start < _today():
            raise Refused("Start date must be today or later: a forecast is of what is to come")
        running = type(self).meter.running(self.current_account)
        hourly = sum((rate.cost for rate in running if keep(rate.item)), Decimal(0))
        interval = asked.get("PredictionIntervalLevel") is not None
        forecasts = [(each, hourly * 24 * (each.end - each.start).days) for each in parts]
        answer = {
            "Total": {"Amount": answers.amount(sum((mean for _, mean in forecasts), Decimal(0))), "Unit": "USD"},
            "ForecastResultsByTime": [_forecast(period.shape, mean, interval) for period, mean in forecasts],
        }
        return json.dumps(answer)

    def get_dimension_values(self) -> str:
        asked = json.loads(self.body)
        try:
            whole = answers.period_of(asked.get("TimePeriod") or {})
            entries = self._ledger.between(whole.start, whole.end)
            values = answers.values_of(
                entries, asked.get("Dimension", ""), self.current_account, asked.get("SearchString")
            )
        except QueryInvalid as error:
            raise Refused(str(error)) from error
        return self._listed(asked, "DimensionValues", [{"Value": value, "Attributes": {}} for value in values])

    def get_tags(self) -> str:
        asked = json.loads(self.body)
        try:
            whole = answers.period_of(asked.get("TimePeriod") or {})
        except QueryInvalid as error:
            raise Refused(str(error)) from error
        entries = self._ledger.between(whole.start, whole.end)
        return self._listed(asked, "Tags", answers.tags_in(entries, asked.get("TagKey"), asked.get("SearchString")))

    def _listed(self, asked: dict[str, Any], name: str, found: list[Any]) -> str:
        offset, most = _offset(asked), asked.get("MaxResults") or _PAGE
        shown = found[offset : offset + most]
        answer = {name: shown, "ReturnSize": len(shown), "TotalSize": len(found)}
        return json.dumps(_with_token(answer, offset + most if len(found) > offset + most else None))


def _forecast(period: dict[str, str], mean: Decimal, interval: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {"TimePeriod": period, "MeanValue": answers.amount(mean)}
    if interval:
        shape["PredictionIntervalLowerBound"] = answers.amount(mean * (1 - _SPREAD))
        shape["PredictionIntervalUpperBound"] = answers.amount(mean * (1 + _SPREAD))
    return shape


def _offset(asked: dict[str, Any]) -> int:
    token = asked.get("NextPageToken")
    if token is None:
        return 0
    if not str(token).isdigit():
        raise Refused("The pagination token is invalid", "InvalidNextTokenException")
    return int(token)


def _with_token(answer: dict[str, Any], following: int | None) -> dict[str, Any]:
    return answer if following is None else answer | {"NextPageToken": str(following)}


def _today() -> date:
    return datetime.now(UTC).date()


def install() -> None:
    use_backend(models.ce_backends, CostExplorerBackend)
    use_response(urls, CostExplorerResponse)
