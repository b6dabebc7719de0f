"""`manage.py estimate_cost`: the document and the table it prints, and how it refuses bad input."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.unit.cost_plans import plan_of, planned


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    resources = (planned("aws_nat_gateway.a"), planned("aws_mystery.b"), planned("aws_sns_topic.c"))
    path.write_text(json.dumps(plan_of(*resources)))
    return path


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("estimate_cost", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_json_is_the_estimates_document(plan: Path) -> None:
    document = json.loads(run(plan, "--json"))
    assert sorted(document) == ["currency", "resources", "total_monthly_cost", "unknown"]
    assert (document["total_monthly_cost"], document["unknown"]) == (32.85, ["aws_mystery.b"])


def test_stated_use_and_a_date_are_taken_into_account(plan: Path, tmp_path: Path) -> None:
    usage = tmp_path / "usage.yml"
    usage.write_text("version: 0.1\nresource_usage:\n  aws_nat_gateway.a:\n    monthly_data_processed_gb: 100\n")
    document = json.loads(run(plan, "--usage", usage, "--as-of", "2025-01-01", "--json"))
    assert document["total_monthly_cost"] == 37.35


def test_the_table_says_unknown_in_words_and_not_as_a_number(plan: Path) -> None:
    lines = run(plan).splitlines()
    assert any(line.startswith("aws_mystery.b") and "unknown" in line for line in lines)
    assert any(line.startswith("aws_sns_topic.c") and "by use" in line for line in lines)
    assert lines[-1].startswith("Total")
    assert "32.85 USD a month, and 1 of unknown cost" in lines[-1]


@pytest.mark.parametrize(
    ("content", "usage", "as_of", "says"),
    [
        ("not json", None, None, "Expecting value"),
        ('{"resources": {}}', None, None, "planned_values"),
        ("[]", None, None, "planned_values"),
        ('{"planned_values": {"root_module": {"resources": [3]}}}', None, None, "Terraform's format"),
        (None, "a: [", None, "usage.yml"),
        (None, "just text", None, "resource_usage"),
        (None, None, "yesterday", "--as-of"),
    ],
)
def test_bad_input_is_refused_in_one_line_with_exit_code_2(
    plan: Path, tmp_path: Path, content: str | None, usage: str | None, as_of: str | None, says: str
) -> None:
    arguments: list[object] = [plan]
    if content is not None:
        plan.write_text(content)
    if usage is not None:
        (tmp_path / "usage.yml").write_text(usage)
        arguments += ["--usage", tmp_path / "usage.yml"]
    if as_of is not None:
        arguments += ["--as-of", as_of]
    with pytest.raises(CommandError) as refusal:
        run(*arguments, "--json")
    assert refusal.value.returncode == 2
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file") as refusal:
        run(tmp_path / "absent.json", "--json")
    assert refusal.value.returncode == 2
