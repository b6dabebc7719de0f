"""Checks a configuration or blueprint file without saving anything."""

import sys
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandParser

from environments_app import schema


class Command(BaseCommand):
    help = "Exit 0 for a valid file; 2 with one line per problem: path, problem, what would be right."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        problems = self._problems(options["file"])
        for problem in problems:
            self.stderr.write(str(problem))
        if problems:
            sys.exit(2)
        self.stdout.write("valid")

    def _problems(self, path: Path) -> list[schema.Problem]:
        try:
            text = path.read_text(encoding="utf-8")
            document = schema.load_yaml(text)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            return [schema.Problem("", f"not readable: {' '.join(str(error).split())}", "a YAML or JSON file")]
        if not isinstance(document, dict):
            return [schema.Problem("", "holds no settings", "a mapping of settings")]
        try:
            if "environments" in document:
                schema.read_blueprint(text)
            else:
                schema.parse(document)
        except schema.ConfigInvalid as error:
            return error.problems
        return []
