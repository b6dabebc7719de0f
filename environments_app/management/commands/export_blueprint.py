"""`manage.py export_blueprint SYSTEM`: the system and its environments as a blueprint file."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from controlplane.core.models import System
from environments_app.services import blueprints


class Command(BaseCommand):
    help = "Prints a system as a blueprint file: the one that was loaded, while it still says what is, else a new one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("system")

    def handle(self, *args: Any, **options: Any) -> None:
        system = System.objects.filter(slug=options["system"]).first()
        if system is None:
            raise CommandError(f"There is no system {options['system']}.")
        self.stdout.write(blueprints.export(system), ending="")
