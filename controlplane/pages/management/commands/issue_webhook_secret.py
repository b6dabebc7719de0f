"""Makes the secret with which a system's CI signs its deliveries."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from controlplane.core.actors import Actor
from controlplane.core.models import System
from deployments_app.services import webhooks


class Command(BaseCommand):
    help = "Prints a new webhook secret of a system, once; the one before stays valid until the next is made."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("system", help="Slug of the system.")

    def handle(self, *args: Any, **options: Any) -> None:
        system = System.objects.filter(slug=options["system"]).first()
        if system is None:
            raise CommandError(f"There is no system {options['system']}.")
        self.stdout.write(webhooks.issue_secret(Actor.slipway("issue_webhook_secret"), system))
