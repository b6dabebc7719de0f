"""Changes who must agree before an environment changes, and what happens there by itself.

For whoever operates the machine: the first set-up, and systems that have no second admin. It asks nobody, since who
has a shell here has the database too; it says what it weakens, and the audit trail keeps it under the command's name.
"""

from argparse import BooleanOptionalAction
from typing import Any

import pydantic
from django.core.management.base import BaseCommand, CommandError, CommandParser

from controlplane.core.actors import Actor
from environments_app import schema, selectors
from environments_app.policies import weakenings
from environments_app.services import configs


def _evidence(text: str) -> tuple[str, float]:
    """ "coverage=80" -> ("coverage", 80.0)."""
    name, _, least = text.partition("=")
    return name, float(least)


class Command(BaseCommand):
    help = (
        "Saves a new version of an environment's protection; what is not named stays as it is. Weaker ones, too: in "
        "the pages and the API these need a second admin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        about = {name: field.description for name, field in schema.Protection.model_fields.items()}
        parser.add_argument("system")
        parser.add_argument("environment")
        for name in ("required_approvals", "required_release_approvals"):
            parser.add_argument(f"--{name.replace('_', '-')}", type=int, help=about[name])
        for name in ("auto_deploy", "requester_may_approve"):
            parser.add_argument(f"--{name.replace('_', '-')}", action=BooleanOptionalAction, help=about[name])
        parser.add_argument("--branches", nargs="*", metavar="GLOB", help=about["branches"])
        parser.add_argument(
            "--required-evidence", nargs="*", type=_evidence, metavar="NAME=LEAST", help=about["required_evidence"]
        )
        parser.add_argument("--reason", required=True, help="Why, for those who read the audit trail.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = selectors.find_environment(options["system"], options["environment"])
        if found is None:
            raise CommandError(f"There is no environment {options['system']}/{options['environment']}.")
        given = {name: options[name] for name in schema.Protection.model_fields if options[name] is not None}
        if "branches" in given:
            given["branches"] = tuple(given["branches"])
        if "required_evidence" in given:
            given["required_evidence"] = dict(given["required_evidence"])
        try:
            wanted = schema.Protection.model_validate({**found.protection.rules.model_dump(), **given})
        except pydantic.ValidationError as error:
            raise CommandError(
                "; ".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors())
            ) from error
        for weakened in weakenings(found.protection.rules, wanted):
            self.stderr.write(f"Weaker: {weakened}")
        saved = configs.save_protection(Actor.slipway("set_protection"), found, wanted, reason=options["reason"])
        self.stdout.write(f"{saved}: {saved.document}")
