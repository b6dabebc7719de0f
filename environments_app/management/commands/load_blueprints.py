"""Loads the reference systems: what exists already stays as people left it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from controlplane.core.actors import Actor
from environments_app import schema
from environments_app.services import blueprints


class Command(BaseCommand):
    help = "Loads blueprint files (default: all in blueprints/); safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        files = options["files"] or list(schema.blueprint_files(settings.SLIPWAY_BLUEPRINTS_DIR))
        for path in files:
            try:
                blueprint = schema.load_blueprint(path)
            except (schema.ConfigInvalid, OSError) as error:
                raise CommandError(f"{path}: {error}") from error
            blueprints.load(Actor.slipway("load_blueprints"), blueprint)
            self.stdout.write(f"{blueprint.system}: {', '.join(entry.name for entry in blueprint.environments)}")
