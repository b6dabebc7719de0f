"""Blocks that run or fetch something while Terraform plans or applies, or stand in for Slipway's own."""

from collections.abc import Iterator

from environments_app.terraform.language.blocks import Attribute, Block, Body
from environments_app.terraform.language.values import NotWrittenOut, entries_of
from environments_app.terraform.refusals.refused import Refused

KNOWN = frozenset(
    {
        "terraform", "provider", "variable", "locals", "output", "module", "resource", "data", "ephemeral", "action",
        "list", "check", "import", "moved", "removed",
    }
)  # fmt: skip
"""What may stand in a file by itself."""
TERRAFORMS_OWN = frozenset({"required_version", "required_providers", "provider_meta", "experiments", "language"})
"""What a `terraform` block may say. Not OpenTofu's `encryption`, whose keys may come from a program."""
REFUSED_DATA = {
    "external": "it runs a program while Terraform plans",
    "http": "it calls an address while Terraform plans",
}
STATE_CONFIG = frozenset(
    {
        "bucket", "key", "region", "workspace_key_prefix", "encrypt", "kms_key_id", "acl", "dynamodb_table",
        "use_lockfile", "use_path_style", "use_fips_endpoint", "use_dualstack_endpoint", "allowed_account_ids",
        "forbidden_account_ids", "max_retries", "retry_mode",
    }
)  # fmt: skip
"""What a remote state's `config` may say, of the S3 backend's arguments: where it lies, not who asks or by which way.

A file of profiles may name a program (credential_process), a token file and an endpoint of one's own send a file away,
and a region that nothing validates becomes a part of the address.
"""


def refusals(name: str, body: Body) -> Iterator[Refused]:
    """Of one file, its path in the source being `name`."""
    for found in _named(body):
        if found.name not in KNOWN:
            yield Refused(name, found.line, f"a block {found.name!r} that is not known", "Leave it out.")
    for block in body.walk():
        first = block.labels[0] if block.labels else ""
        if block.type == "provisioner":
            yield Refused(
                name, block.line, f"a provisioner {first!r} runs programs", "Leave it out, or make it a resource."
            )
        elif block.type == "data" and first in REFUSED_DATA:
            yield Refused(
                name,
                block.line,
                f'data "{first}" is refused: {REFUSED_DATA[first]}',
                "Hand its value in as a variable.",
            )
        elif block.type == "data" and first == "aws_ip_ranges" and "url" in block.body.attributes:
            yield Refused(
                name,
                block.body.attributes["url"].line,
                'data "aws_ip_ranges" calls an address of its own',
                "Leave url out: AWS's own list is read then.",
            )
        elif block.type == "data" and first == "terraform_remote_state":
            yield from _remote_state(name, block)
    for terraform in body.of_type("terraform"):
        yield from _terraform(name, terraform.body)


def _named(body: Body) -> Iterator[Attribute]:
    """What a body names, once each: a JSON object is an attribute and a block."""
    yield from body.attributes.values()
    for block in body.blocks:
        if block.type not in body.attributes:
            yield Attribute(block.type, block.line, ())


def _remote_state(name: str, block: Block) -> Iterator[Refused]:
    backend = block.body.attributes.get("backend")
    if backend is None or backend.literal != "s3":
        yield Refused(
            name, block.line, "a remote state that is not in S3", 'Read it from the backend "s3", or as a variable.'
        )
    config = block.body.attributes.get("config")
    if config is None:
        return
    only = f"Its config may say {', '.join(sorted(STATE_CONFIG))}."
    try:
        entries = entries_of(config.tokens)
    except NotWrittenOut:
        yield Refused(name, config.line, "a remote state whose config is not written out where it stands", only)
        return
    for said, tokens in entries.items():
        if said not in STATE_CONFIG:
            line = tokens[0].line if tokens else config.line
            yield Refused(name, line, f"a remote state that is read with {said}", only)


def _terraform(name: str, body: Body) -> Iterator[Refused]:
    for found in _named(body):
        if found.name in {"backend", "cloud"}:
            yield Refused(
                name, found.line, f"a {found.name} of its own", "Leave it out: Slipway keeps the state, in S3, locked."
            )
        elif found.name not in TERRAFORMS_OWN:
            yield Refused(
                name,
                found.line,
                f"{found.name} in a terraform block",
                f"Leave it out: there may be {', '.join(sorted(TERRAFORMS_OWN))}.",
            )
