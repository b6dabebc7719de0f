"""Prints the JSON Schema of a configuration, for an editor: `manage.py config_schema > slipway.schema.json`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from environments_app import schema


class Command(BaseCommand):
    help = (
        "Prints the JSON Schema (2020-12) of an environment's configuration or, with --blueprint, of a blueprint file. "
        "Editors take it by a first line such as `# yaml-language-server: $schema=slipway.schema.json`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--blueprint", action="store_true", help="of a whole system in one file")

    def handle(self, *args: Any, **options: Any) -> None:
        described = schema.blueprint_json_schema() if options["blueprint"] else schema.json_schema()
        self.stdout.write(json.dumps(described, indent=1))
