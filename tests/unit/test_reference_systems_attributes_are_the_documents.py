"""Each figure of the five documents is what Terraform, or Slipway itself, is told, and none is left out."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from environments_app.schema import BlueprintEnvironment, canonical, render_variables
from tests.reference_figures import FIGURES, at
from tests.reference_systems import BLUEPRINTS

OWN = {"protection", "budget", "recovery"}
"""Sections that Slipway itself goes by: no Terraform is told of them."""
OF_THE_CONTROLLER = {"deployment", "database_connections_per_task"}
"""The same of a service."""


def told(system: str, environment: BlueprintEnvironment, path: str) -> Any:
    """What the path's reader is told: Terraform's variables, unless Slipway itself reads it."""
    parts = path.split(".")
    if parts[0] in OWN or (parts[0] == "services" and parts[2] in OF_THE_CONTROLLER):
        document: Mapping[str, Any] = canonical(environment.config)
        return at({**document, "protection": environment.protection.model_dump(mode="json")}, parts)
    return at(render_variables(system=system, environment=environment.name, config=environment.config), parts)


@pytest.mark.parametrize("system", sorted(BLUEPRINTS))
def test_every_figure_is_told_as_the_document_says(system: str) -> None:
    wrong = []
    for figure in FIGURES:
        for setting in figure.told if figure.document == system else ():
            environments = [each for each in BLUEPRINTS[system].environments if setting.holds_in(each.name)]
            assert environments, f"{figure}: no environment {setting.environment}"
            for environment in environments:
                there = told(system, environment, setting.place)
                if there != setting.value:
                    wrong.append(f"{figure}: {environment.name}/{setting.place} is {there!r}")

    assert wrong == []


FIGURE = re.compile(r"(?<![A-Za-z_\d])\d+(?:[.,:/]\d+)*")
"""A number, an address or an hour; not the 3 of S3."""


@pytest.mark.parametrize("system", sorted(BLUEPRINTS))
def test_no_figure_of_a_document_is_left_out(shared: Path, system: str) -> None:
    lines = (shared / f"reference-systems/{system}.md").read_text(encoding="utf-8").splitlines()
    figures = [figure for figure in FIGURES if figure.document == system]
    misquoted = [
        str(figure) for figure in figures if not figure.reason and figure.words not in lines[figure.lines.start - 1]
    ]
    missing = []
    for number, line in enumerate(lines, start=1):
        here = [figure for figure in figures if number in figure.lines]
        if line.startswith("#") or any(figure.reason for figure in here):
            continue
        said = {token for figure in here for token in FIGURE.findall(figure.words)}
        item = re.sub(r"^\s*\d+\. ", "", line)
        missing += [f"{number}: {token} of {line.strip()}" for token in FIGURE.findall(item) if token not in said]

    assert misquoted == []
    assert missing == []


def test_a_figure_says_where_it_is_or_why_it_is_nowhere() -> None:
    assert [str(figure) for figure in FIGURES if bool(figure.told) == bool(figure.reason)] == []
    assert len(FIGURES) > 150
