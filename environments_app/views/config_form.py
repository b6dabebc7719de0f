"""Editing a configuration setting by setting: what the product's page and the admin page have in common."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from controlplane.core.views import actor_of
from controlplane.lib.errors import Refusal
from environments_app import schema
from environments_app.config_form.drawing import Node, Problem, draw
from environments_app.config_form.editing import edit
from environments_app.config_form.reading import read_form
from environments_app.models import ConfigVersion, Environment
from environments_app.schema.compare import Difference, compare
from environments_app.services import configs

REASON_LENGTH = 300


@dataclass
class Editing:
    """A configuration under somebody's hands. Whatever is refused, what was typed stays.

    saved: the version that was made. meanwhile: what others saved since `based_on`. message: why nothing was stored.
    """

    environment: Environment
    newest: ConfigVersion
    document: dict[str, Any]
    based_on: int
    reason: str = ""
    problems: list[Problem] = field(default_factory=list)
    meanwhile: list[Difference] = field(default_factory=list)
    message: str = ""
    status: int = 200
    saved: ConfigVersion | None = None

    @property
    def nodes(self) -> tuple[Node, ...]:
        return draw(schema.EnvironmentConfig, self.document, self.problems)

    @property
    def is_stale(self) -> bool:
        return self.based_on != self.newest.number


def editing(request: HttpRequest, environment: Environment) -> Editing:
    """The newest configuration to be edited, or what became of what was sent; the caller has checked the role.

    `do` says which button was pressed: save, check, rebase, or a verb of config_form.editing with a path.
    """
    newest = environment.config_version
    if request.method != "POST":
        return Editing(environment, newest, newest.document, newest.number)
    sent = request.POST
    document = read_form(schema.EnvironmentConfig, sent)
    reason = sent.get("reason", "").strip()[:REASON_LENGTH]
    based_on = sent.get("based_on", "")
    work = Editing(environment, newest, document, int(based_on) if based_on.isdigit() else newest.number, reason)
    verb, _, path = sent.get("do", "check").partition(" ")
    if verb == "save":
        _save(request, work)
    elif verb in ("check", "rebase"):
        work.based_on = newest.number if verb == "rebase" else work.based_on
        _check(work)
    else:
        work.document = edit(document, verb, path, sent)
    return work


def _save(request: HttpRequest, work: Editing) -> None:
    if not work.reason:
        work.message, work.status = "Say why, for those who read the versions later. Nothing was stored.", 422
        _check(work)
        return
    outcome = configs.save_config(
        actor_of(request), work.environment, work.document, based_on=work.based_on, reason=work.reason
    )
    if not isinstance(outcome, Refusal):
        work.saved = outcome
        return
    work.message, work.status = outcome.message, outcome.status
    work.problems = outcome.details.get("problems", [])
    if work.is_stale:
        before = work.environment.config_versions.filter(number=work.based_on).first()
        work.meanwhile = compare(before.document if before else {}, work.newest.document)


def _check(work: Editing) -> None:
    """Every problem of the document as it stands; nothing is stored."""
    try:
        schema.parse(work.document)
    except schema.ConfigInvalid as error:
        work.problems = configs.invalid(error).details["problems"]
        work.status = 422
