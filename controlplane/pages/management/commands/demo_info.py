import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from controlplane.lib.errors import SlipwayError
from controlplane.pages import demo


class Command(BaseCommand):
    help = "Prints the demo's address, accounts, tokens, webhook secrets, services and images (sandbox only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Machine-readable (the default is for people).")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            info = demo.info()
        except SlipwayError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"The sandbox does not answer: {error}. Is `make run` running?") from error
        if options["json"]:
            self.stdout.write(json.dumps(info, indent=1))
            return
        self.stdout.write(f"{info['url']}\n")
        for account in info["accounts"]:
            self.stdout.write(f"  {account['username']:<10} {account['password']}")
        self.stdout.write("\nAPI tokens")
        for role, token in info["tokens"].items():
            self.stdout.write(f"  {role:<10} {token}")
