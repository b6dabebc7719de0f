"""How runs end: each way once, with words, and nothing said to be known that nobody saw."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from controlplane.core.actors import Actor
from controlplane.core.services import audit
from controlplane.core.services.transitions import move
from controlplane.lib import clock
from controlplane.lib.errors import SlipwayError
from environments_app import policies
from environments_app.models import Run
from environments_app.services import claims, runs
from environments_app.services.claims import RUNNER, Claim, ClaimLost
from environments_app.terraform.runner import TerraformCanceled, TerraformFailed

log = logging.getLogger(__name__)


class Outdated(SlipwayError):
    """What was approved is not what would run now."""

    def __init__(self, inputs: list[str]) -> None:
        super().__init__("OUTDATED", f"changed since it was approved: {', '.join(inputs)}", 409)


def end(
    claim: Claim, state: str, reason: str = "", failure: policies.Failure | None = None, actor: Actor = RUNNER
) -> None:
    """The run's end, once: state, time, failure; then its output is closed and its lock freed. Raises ClaimLost."""
    run = claim.run
    with transaction.atomic():
        ended = move(
            actor,
            run,
            state,
            reason=reason,
            where={"attempt": claim.attempt},
            finished_at=clock.now(),
            failure=failure.to_json() if failure else {},
        )
        if not ended:
            raise ClaimLost
        runs.close(run)
        audit.announce(f"run.{state}", run.audit_system, run.audit_environment, runs.subject(run), title=run.title)


@contextmanager
def ending_well(claim: Claim) -> Iterator[None]:
    """Turns whatever goes wrong inside into the run's recorded end; only a lost claim leaves the row alone."""
    try:
        yield
    except ClaimLost:
        log.warning("run %s: attempt %s was overtaken and stops", claim.run.pk, claim.attempt)
    except TerraformCanceled as error:
        by = Run.objects.values_list("cancel_requested_by", flat=True).get(pk=claim.run.pk)
        words = f"Canceled by {by}." + (" Terraform had to be killed." if error.ended.killed else "")
        _end_badly(claim, "canceled", error.code, words, [], seen=not error.ended.killed)
    except TerraformFailed as error:
        # Only an apply that ended by itself is known to have written its state.
        seen = error.phase == "apply" and not error.ended.killed
        _end_badly(claim, "failed", error.code, error.message, error.diagnostics, seen=seen)
    except SlipwayError as error:
        problems = list(error.details.get("problems", []))
        _end_badly(claim, "failed", error.code, error.message, problems, seen=False)
    except Exception as error:
        log.exception("run %s failed", claim.run.pk)
        words = f"Slipway itself failed: {type(error).__name__}."
        _end_badly(claim, "failed", "INTERNAL", words, [], seen=False)


def _end_badly(claim: Claim, state: str, code: str, cause: str, details: list[str], *, seen: bool) -> None:
    """Ends a run that went wrong, in the words of its phase; unknown where an apply began and nobody saw its end."""
    run = claim.run
    try:
        if claim.began_apply and not seen:
            if not claims.end_unknown(run, cause, {"attempt": claim.attempt}):
                raise ClaimLost
            return
        if run.state == "applying":
            done = int(run.progress.get("done", 0)) if claim.began_apply else 0
            failure = policies.apply_failure(code, cause, done, len(run.summary["changes"]), details)
        else:
            failure = policies.plan_failure(code, cause, details)
        end(claim, state, cause, failure)
    except ClaimLost:
        log.warning("run %s: attempt %s was overtaken before its end was recorded", run.pk, claim.attempt)
