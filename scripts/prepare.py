"""`python -m scripts.prepare`: what the database needs before Slipway serves; safe to repeat.

One process for all of it, because every start of Django costs a second or two of the launcher's ten. Prints what
`manage.py demo_info --json` prints where the sandbox is the AWS, nothing elsewhere.
"""

import os
import sys

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
    django.setup()
    # Standard output is for the launcher, everything else is for the log.
    call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
    call_command("load_blueprints", stdout=sys.stderr)
    if (os.environ.get("SLIPWAY_AWS") or "sandbox") == "sandbox":
        call_command("load_demo", stdout=sys.stderr)
        call_command("demo_info", "--json")


if __name__ == "__main__":
    main()
