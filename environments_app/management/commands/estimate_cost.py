"""`manage.py estimate_cost PLAN.json`: what a Terraform plan costs per month. Reads no database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError

from environments_app.cost.estimate import estimate
from environments_app.cost.model import Estimate, ResourceCost, Status, money
from environments_app.cost.plan import PlanError
from environments_app.cost.usage import UsageError

WORDS = {Status.USAGE_BASED: "by use", Status.UNKNOWN: "unknown"}
TABLE_ORDER = (Status.PRICED, Status.UNKNOWN, Status.USAGE_BASED)
BAD_INPUT = 2


class Command(BaseCommand):
    """Prints a table, or with --json the document that design section 9 fixes. Exit 2 on bad input.

    Services of Slipway's stack are priced as their next release makes them.
    """

    help = "Estimates the monthly cost of a plan (the JSON of `terraform show -json PLANFILE`)."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """PLAN and the three options."""
        parser.add_argument("plan", type=Path, metavar="PLAN.json")
        parser.add_argument("--usage", type=Path, metavar="USAGE.yml", help="expected use, Infracost's format")
        parser.add_argument("--as-of", metavar="DATE", help="use the prices known on this day (YYYY-MM-DD)")
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, estimate, print."""
        plan = _read(options["plan"], _parse_json)
        usage = _read(options["usage"], yaml.safe_load) if options["usage"] else None
        try:
            result = estimate(plan, usage=usage, as_of=_day(options["as_of"]))
        except (PlanError, UsageError) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        self.stdout.write(json.dumps(result.to_json(), indent=2) if options["json"] else table(result))


def table(result: Estimate) -> str:
    """The estimate for a person: the dearest first, then what is not known; what is free is only counted."""
    shown = [cost for cost in result.resources.values() if cost.status is not Status.FREE]
    shown.sort(key=lambda cost: (TABLE_ORDER.index(cost.status), -(cost.monthly_cost or 0), cost.address))
    width = max((len(cost.address) for cost in shown), default=len("Total"))
    lines = [f"{cost.address:<{width}}  {_amount(cost):>14}  {cost.note}".rstrip() for cost in shown]
    free = len(result.resources) - len(shown)
    low, high = (money(end) for end in result.range)
    total = f"{money(result.total_monthly_cost):,.2f} {result.currency} a month"
    if low != high:
        total += f", {low:,.2f} to {high:,.2f} with autoscaling"
    if result.unknown:
        total += f", and {len(result.unknown)} of unknown cost"
    return "\n".join([*lines, "", f"{free} more cost nothing by themselves.", f"{'Total':<{width}}  {total}"])


def _amount(cost: ResourceCost) -> str:
    if cost.status is not Status.PRICED:
        return WORDS[cost.status]
    more = " + use" if cost.has_unstated_usage else ""
    return f"{money(cost.monthly_cost):,.2f}{more}"


def _read(path: Path, parse: Any) -> Any:
    try:
        return parse(path.read_text())
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=BAD_INPUT) from error
    except (ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise CommandError(f"{path}: {reason}", returncode=BAD_INPUT) from error


def _parse_json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise CommandError(f"--as-of {text}: {error}", returncode=BAD_INPUT) from error
