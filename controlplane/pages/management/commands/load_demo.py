from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.lib.errors import SlipwayError
from controlplane.pages import demo


class Command(BaseCommand):
    help = "Makes the demo's accounts, tokens and webhook secrets (sandbox only); safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = demo.load()
        except SlipwayError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{len(loaded.passwords)} accounts, {len(loaded.webhook_secrets)} systems")
