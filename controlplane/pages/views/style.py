"""The style page: every component in every state, for people who build pages and for the browser tests."""

from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from controlplane.core.models import Approval, ApprovalRequest, System, User
from controlplane.lib import clock
from controlplane.lib.errors import Refusal
from controlplane.pages.selectors import Need
from controlplane.pages.status import STATUSES
from environments_app.models import Environment
from environments_app.views.run_page import Row
from environments_app.views.stages import Stage, Usual

THEMES = ("light", "dark", "auto")
EXAMPLE_ID = UUID("5f0c2d1a-6c1e-4b7a-9d3e-0a1b2c3d4e5f")


@login_not_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Only where people build: in debug mode and with the sandbox. `?theme=dark` shows the other theme."""
    if not (settings.DEBUG or settings.SLIPWAY_IN_SANDBOX):
        raise Http404
    theme = request.GET.get("theme", "light")
    return render(request, "pages/style.html", {**examples(), "theme": theme if theme in THEMES else "light"})


def examples() -> dict[str, Any]:
    """One of everything."""
    now = clock.now()
    by_meaning = groupby(STATUSES.items(), key=lambda item: item[1].meaning)
    return {
        "vocabulary": [(meaning, [state for state, _ in states]) for meaning, states in by_meaning],
        "example_id": EXAMPLE_ID,
        "digest": "a41f09c2" * 7 + "5d187be2",
        "moments": [now - timedelta(seconds=s) for s in (0, 41, 2280, 93_600)] + [now + timedelta(hours=3, minutes=22)],
        "stages": [
            Stage("Queued", "done", took=timedelta(seconds=2)),
            Stage("Plan", "done", took=timedelta(seconds=41)),
            Stage("Approval", "now", "awaiting_approval", timedelta(minutes=37), "so far, 1 of 2"),
            Stage("Apply"),
            Stage("Done", note="outputs recorded"),
        ],
        "working": [
            Stage("Queued", "done", took=timedelta(seconds=2)),
            Stage(
                *("Plan", "now", "planning", timedelta(seconds=12), "so far"),
                works=True,
                percent=64,
                usual=Usual(timedelta(seconds=40), 5),
            ),
            Stage("Done"),
        ],
        "needs": [
            Need(
                "failed",
                "cloudweave/staging: the last run failed",
                "#",
                "Look",
                now,
                "developer",
                ["3 of 7 changes made."],
            ),
            Need("outcome_unknown", "verificadores/staging: nobody knows how a run ended", "#", "Reconcile", now),
            Need(
                "awaiting_approval", "dougust/production: release 2.6.0", "#", "Review", now, "developer", primary=True
            ),
        ],
        "decisions": [
            _decision("approver", None, mine=False),
            _decision("operator", None, mine=True),
            _decision("developer", Refusal("NOT_YOUR_OWN", "You asked for this run; somebody else decides.", 403)),
        ],
        "rows": [
            _row("replace", "±", "replace", True, 0.0),
            _row("update", "~", "change", False, 1.15),
            _row("create", "+", "add", False, None),
        ],
        "tabs": [
            {"name": "Overview", "href": "#", "here": True},
            {"name": "Infrastructure", "href": "#", "count": 7},
            {"name": "Configuration", "href": "#"},
        ],
        "failure": {
            "code": "TERRAFORM_FAILED",
            "cause": "Terraform could not make the database",
            "effect": "3 of 7 changes were made and are recorded in the state; the others were not made.",
            "next_step": "Plan again: the new plan shows exactly what is still to be done.",
        },
    }


def _decision(role: str, why_not: Refusal | None, *, mine: bool = False) -> dict[str, Any]:
    """What a decision panel wants to know, as `role` sees it: one of two approvals is given."""
    now = clock.now()
    asked = ApprovalRequest(
        required=2,
        state="open",
        digest="a41f09c2" * 7 + "5d187be2",
        bound={"config_version": 7, "plan_sha256": "5d187be2" * 8},
        expires_at=now + timedelta(hours=23),
    )
    given = Approval(
        user=User(username="anna"), comment="The new database size is agreed.", at=now - timedelta(minutes=4)
    )
    environment = Environment(slug="production", system=System(slug="tvmaze-ingestion"))
    return {
        "role": role,
        "asked": asked,
        "standing": [given],
        "missing": 1,
        "mine": mine,
        "why_not": why_not,
        "environment": environment,
    }


def _row(action: str, sign: str, word: str, is_dangerous: bool, cost: float | None) -> Row:
    attributes = [
        {"path": "port", "before": "80", "after": "8080", "forces_replacement": is_dangerous},
        {"path": "arn", "before": "…/app/6d0ecf", "after": "(known after apply)", "forces_replacement": False},
    ]
    change = {
        "address": f"module.load_balancer.aws_lb_target_group.{action}",
        "module": "module.load_balancer",
        "type": "aws_lb_target_group",
        "name": action,
        "action": action,
        "reason": "",
        "attributes": attributes,
    }
    return Row(change, sign, word, is_dangerous, cost, by_use=cost is None)
