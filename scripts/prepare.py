"""`python -m scripts.prepare`: what the database needs before Slipway serves; safe to repeat.

One process for all of it, because every start of Django costs a second or two of the launcher's ten.
"""

import os

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
    django.setup()
    call_command("migrate", interactive=False)
    call_command("load_blueprints")
    if (os.environ.get("SLIPWAY_AWS") or "sandbox") == "sandbox":
        call_command("load_demo")


if __name__ == "__main__":
    main()
