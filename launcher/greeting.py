"""What the terminal shows when everything is ready."""

from collections.abc import Mapping, Sequence

from launcher.config import Config

_FIRST_STEPS = (
    "1. Sign in as the developer, open tvmaze-ingestion / development, press Plan.",
    "2. Sign in as the approver, look at what would change and cost, approve.",
    "3. Post a release with the signed curl line that the environment's page shows.",
)
_REAL_FIRST_STEPS = ("Sign in with your account; `manage.py createsuperuser` makes the first one.",)


def greeting(
    config: Config,
    accounts: Sequence[Mapping[str, str]],
    terraform: Sequence[str],
    sandbox_url: str | None,
    seconds: float,
) -> str:
    """The block of text; `accounts` as in `manage.py demo_info --json`, `terraform`: lines about it."""
    rows = [("Slipway is ready", f"{config.url}   ({seconds:.1f} s)"), ("", "")]
    rows += _rows("Sign in as", _table([(a["role"], a["username"], a["password"]) for a in accounts]))
    rows += _rows("What to do first", _FIRST_STEPS if accounts else _REAL_FIRST_STEPS)
    if sandbox_url:
        rows += [("AWS", f"the sandbox, {sandbox_url} (your own accounts: README, SLIPWAY_AWS=real)")]
    rows += _rows("Terraform", terraform)[:-1]
    rows += [("Logs", str(config.logs)), ("Stop", "Ctrl-C")]
    return "\n" + "".join(f"  {title:<18}{text}".rstrip() + "\n" for title, text in rows)


def _rows(title: str, lines: Sequence[str]) -> list[tuple[str, str]]:
    """A section: its title beside the first line, an empty row below the last."""
    return [(title if index == 0 else "", line) for index, line in enumerate(lines)] + [("", "")] if lines else []


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["   ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
