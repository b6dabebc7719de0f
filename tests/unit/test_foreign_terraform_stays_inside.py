"""Which files foreign Terraform opens is known before it runs, and all of them are the source's own."""

import pytest

from environments_app.terraform.inspection import inspect_package
from environments_app.terraform.refusals.refused import Entry
from tests.foreign_code import ALLOWED, refused, words


@pytest.mark.parametrize(
    "expression",
    [
        'file("/etc/passwd")',
        'file("../outside")',
        'file("~/.aws/credentials")',
        'file("${path.module}/../outside")',
        'file("${path.root}/../outside")',
        "file(var.where)",
        'file("${var.where}/x")',
        'file("${path.module}x")',
        'core::file("/etc/passwd")',
        'filebase64("/etc/passwd")',
        'templatefile("/etc/passwd", {})',
        'fileset("/etc", "*")',
        'fileset(path.module, "../../**")',
        '"${upper("${file("/etc/passwd")}")}"',
        'jsondecode(\n    file(\n    "/etc/passwd"))',
        '<<EOT\nit is ${file("/etc/passwd")}\nEOT',
        '"%{ if fileexists("/etc/passwd") }x%{ endif }"',
        'file("${path.module}/${""}../../etc/passwd")',
        'file("${path.module}/%{ if true }../../etc%{ endif }/passwd")',
        'file("${path.module}/${"../../etc"}/passwd")',
        'file("${path["module"]}/x")',
        '[for path in [{ module = "/etc" }] : file("${path.module}/passwd")]',
        '{ for key, path in { a = { module = "/etc" } } : key => file("${path.module}/passwd") }',
        '"%{ for path in [{ module = "/etc" }] }${file("${path.module}/passwd")}%{ endfor }"',
        'file(["/etc/passwd"]...)',
        "fileset(path.module, local.pattern)",
        'fileset("${path.module}/a", "{..,b}/*")',
        'filebase64sha512("/etc/passwd")',
        "templatestring(local.text, {})",
        'templatefile("${path.module}/${local.name}.tftpl", {})',
        'templatefile("${path.module}/is-not-there.tftpl", {})',
        'templatefile("${path.root}/.terraform/modules/it/evil.tftpl", {})',
    ],
)
def test_files_from_outside(expression: str) -> None:
    assert len(words(f"locals {{\n  a = {expression}\n}}\n")) == 1, expression


@pytest.mark.parametrize(
    "expression",
    [
        'file("${path.module}/policies/${each.key}.json")',
        'file("policies/a.json")',
        'fileset(path.module, "policies/*.json")',
        '[for file in fileset(path.module, "*.json") : file("${path.module}/${file}")]',
        "[for x in var.path : x]",
        '"file(/etc/passwd)"',
        "var.file",
        '"$${file(\\"/etc/passwd\\")}"',
    ],
)
def test_files_of_its_own(expression: str) -> None:
    assert words(f"locals {{\n  a = {expression}\n}}\n") == []


def template(call: str, text: str) -> list[tuple[str, int]]:
    """(file, line) of what is refused where the root module calls this template."""
    files = {"live/main.tf": f"locals {{\n  a = {call}\n}}\n", "live/t.tftpl": text}
    return [(each.file, each.line) for each in refused(files, "live")]


def test_a_template_is_code_too() -> None:
    call = 'templatefile("${path.module}/t.tftpl", { path = { module = "/etc" } })'
    assert template(call, "a line\n${upper(path.module)}\n") == []
    assert template(call, 'a line\n${file("/etc/passwd")}\n') == [("live/t.tftpl", 2)]
    assert template(call, 'a line\n${file("${path.module}/passwd")}\n') == [("live/t.tftpl", 2)]
    assert template('templatefile("t.tftpl", {})', "%{ if filemd5(x) == y }%{ endif }") == [("live/t.tftpl", 1)]
    assert template('templatefile("${path.root}/../live/t.tftpl", {})', "${a") == [("live/t.tftpl", 1)]


def test_a_fetched_module_runs_templates_of_its_own_alone() -> None:
    """The root module's may be others by then than those that were looked at."""
    found = {}
    for root in ("module", "root"):
        text = f'locals {{\n  a = templatefile("${{path.{root}}}/t.tftpl", {{}})\n}}\n'
        files = {".terraform/modules/it/main.tf": text.encode(), ".terraform/modules/it/t.tftpl": b"plain"}
        entry = Entry(".terraform/modules/it", ".", ".terraform/modules/it")
        found[root] = [each.line for each in inspect_package(files, entry, ALLOWED).refused]
    assert found == {"module": [], "root": [2]}


@pytest.mark.parametrize(
    "argument", ["aws_s3_object.source", "aws_lambda_function.filename", "aws_gamelift_script.zip_file"]
)
@pytest.mark.parametrize(
    "expression",
    [
        '"/proc/self/environ"',
        '("/etc/passwd")',
        'true ? "/etc/passwd" : ""',
        "local.path",
        '"${local.path}/x"',
        '"${path.module}/../../x"',
        '"~/.aws/credentials"',
        'join("", ["/etc/", "passwd"])',
    ],
)
def test_an_upload_from_outside(argument: str, expression: str) -> None:
    kind, name = argument.split(".")
    (what,) = words(f'resource "{kind}" "it" {{\n  {name} = {expression}\n}}\n')
    assert what.startswith(f"{argument} opens ")


@pytest.mark.parametrize("block", ["it", 'dynamic "it"'])
def test_an_upload_that_a_block_within_names(block: str) -> None:
    text = (
        f'resource "aws_dataexchange_revision_assets" "it" {{\n  {block} {{\n    filename = "/etc/passwd"\n  }}\n}}\n'
    )
    assert words(text) == ["aws_dataexchange_revision_assets.filename opens '/etc/passwd', outside of the source"]


@pytest.mark.parametrize(
    "text",
    [
        'resource "aws_s3_object" "it" {\n  source = "${path.module}/site/${each.value}"\n}\n',
        'resource "aws_lambda_function" "it" {\n  filename = "function.zip"\n}\n',
        'resource "aws_lambda_function" "it" {\n  filename = null\n}\n',
        'resource "aws_pipes_pipe" "it" {\n  source = aws_sqs_queue.it.arn\n}\n',
        'resource "aws_amplify_app" "it" {\n  custom_rule {\n    source = "/<*>"\n  }\n}\n',
        'resource "aws_codepipeline" "it" {\n  stage {\n    action {\n      provider = "S3"\n    }\n  }\n}\n',
    ],
)
def test_uploads_of_its_own_and_what_is_no_upload(text: str) -> None:
    assert words(text) == []
