"""Providers that no operator has listed, and settings by which the AWS provider would run or send something."""

from collections.abc import Iterator, Mapping, Set

from environments_app.terraform.language.blocks import Attribute, Body
from environments_app.terraform.language.values import NotWrittenOut, entries_of
from environments_app.terraform.refusals.blocks import REFUSED_DATA
from environments_app.terraform.refusals.refused import Refused

BUILT_IN = "terraform.io/builtin/terraform"
REGISTRY = "registry.terraform.io"
AWS = frozenset({"aws", "awscc"})
AWS_SETTINGS = frozenset(
    {
        "alias", "version", "for_each", "region", "default_tags", "ignore_tags", "allowed_account_ids",
        "forbidden_account_ids", "max_retries", "retry_mode", "token_bucket_rate_limiter_capacity",
        "use_fips_endpoint", "use_dualstack_endpoint", "s3_use_path_style", "s3_us_east_1_regional_endpoint",
    }
)  # fmt: skip
"""Settings of the AWS provider that change nothing of who signs and of where that goes.

The others choose credentials (a profile may name a program as credential_process; a token file may be any file), the
address (endpoints, proxies, a region that is not validated) or whom to trust there (custom_ca_bundle, insecure).
"""
_HAS_LOCAL_NAME = ("resource", "data", "ephemeral", "action", "list")
_UNKNOWN = "?"


def refusals(bodies: Mapping[str, Body], allowed: Set[str]) -> Iterator[Refused]:
    """Of one module, its files by path: unlisted providers that it names or implies, and what it sets of AWS's."""
    required: dict[str, set[str]] = {}
    seen: list[tuple[str, int, str]] = []
    for name, local, attribute in _requirements(bodies):
        source = _source(local, attribute)
        # Which of two counts is a matter of files' names (override.tf): all of them must be listed.
        required.setdefault(local, set()).add(source)
        seen.append((name, attribute.line, source))
    for name, line, local in _uses(bodies):
        seen += [(name, line, source) for source in required.get(local, {_implied(local)})]
    told = set()
    for name, line, source in seen:
        if source not in allowed and source != BUILT_IN and source not in told:
            told.add(source)
            yield Refused(
                name,
                line,
                f"the provider {source} is not on the list",
                f"Use {', '.join(sorted(allowed))}, or ask the operator to add it to SLIPWAY_TERRAFORM_PROVIDERS.",
            )
    for name, body in bodies.items():
        for block in body.of_type("provider"):
            local = block.labels[0] if block.labels else _UNKNOWN
            if any(source.split("/")[-1] in AWS for source in required.get(local, {_implied(local)})):
                yield from _settings(name, local, block.body)


def _settings(name: str, local: str, body: Body) -> Iterator[Refused]:
    said = {attribute.name: attribute.line for attribute in body.attributes.values()}
    for block in body.blocks:
        said.setdefault(block.type, block.line)
        if block.type == "dynamic":
            said.setdefault(block.labels[0] if block.labels else _UNKNOWN, block.line)
    for setting, line in said.items():
        if setting not in AWS_SETTINGS | {"dynamic"}:
            yield Refused(
                name,
                line,
                f'provider "{local}" sets {setting}',
                f"Leave it out: Slipway says who signs and where to. There may be {', '.join(sorted(AWS_SETTINGS))}.",
            )


def _requirements(bodies: Mapping[str, Body]) -> Iterator[tuple[str, str, Attribute]]:
    """(file, local name, what is required) of each entry in required_providers."""
    for name, body in bodies.items():
        for terraform in body.of_type("terraform"):
            for required in terraform.body.of_type("required_providers"):
                for local, attribute in required.body.attributes.items():
                    yield name, local, attribute


def _uses(bodies: Mapping[str, Body]) -> Iterator[tuple[str, int, str]]:
    """(file, line, local name) of each provider that a block names or implies."""
    for name, body in bodies.items():
        for block in body.walk():
            if block.type == "data" and block.labels and block.labels[0] in REFUSED_DATA:
                continue  # said by itself
            if block.type in _HAS_LOCAL_NAME and block.labels:
                chosen = block.body.attributes.get("provider")
                yield name, block.line, _chosen(chosen) if chosen else block.labels[0].split("_")[0]
            elif block.type == "provider" and block.labels:
                yield name, block.line, block.labels[0]
        for block in body.of_type("import"):
            if "provider" in block.body.attributes:
                yield name, block.line, _chosen(block.body.attributes["provider"])


def _chosen(attribute: Attribute) -> str:
    """`provider = aws.other`, or the same as a string (the JSON syntax, and the old native one)."""
    if attribute.literal is not None:
        return attribute.literal.split(".")[0]
    first = attribute.tokens[0] if attribute.tokens else None
    return first.text if first and first.kind == "name" else _UNKNOWN


def _implied(local: str) -> str:
    return BUILT_IN if local == "terraform" else f"hashicorp/{local}"


def _source(local: str, attribute: Attribute) -> str:
    """The source that a requirement names; what is not written out is no listed one."""
    if attribute.literal is not None:  # the old form: nothing but a version
        return _implied(local)
    try:
        entries = entries_of(attribute.tokens)
    except NotWrittenOut:
        return f"hashicorp/{_UNKNOWN}"
    if "source" not in entries:
        return _implied(local)
    literal = entries["source"][0].literal if len(entries["source"]) == 1 else None
    source = (literal or _UNKNOWN).lower()
    return source.removeprefix(f"{REGISTRY}/") if "/" in source else f"hashicorp/{source}"
