"""Foreign Terraform as text, and what inspection refuses of it."""

from collections.abc import Mapping

from environments_app.terraform.inspection import inspect
from environments_app.terraform.refusals.refused import Refused

ALLOWED = frozenset({"hashicorp/aws", "hashicorp/random"})
EVIL = 'resource "terraform_data" "evil" {\n  provisioner "local-exec" {\n    command = "id"\n  }\n}\n'


def refused(files: Mapping[str, str], root: str = ".") -> list[Refused]:
    return list(inspect({name: text.encode() for name, text in files.items()}, root, ALLOWED).refused)


def words(text: str, name: str = "main.tf") -> list[str]:
    return [each.what for each in refused({name: text})]
