"""Walks the audit trail's hash chain."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from controlplane.core.services import audit


class Command(BaseCommand):
    help = "Verifies the audit trail: exit 0 when the chain is whole, 1 when an event was changed or is missing."

    def handle(self, *args: Any, **options: Any) -> None:
        sealed, unsealed, wrong = audit.verify()
        self.stdout.write(f"{sealed} events sealed, {unsealed} not yet.")
        if wrong:
            self.stderr.write(f"The chain is broken: {wrong}.")
            sys.exit(1)
        self.stdout.write("The chain is whole.")
