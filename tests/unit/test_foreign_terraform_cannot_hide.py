"""Inspection reads HCL as Terraform does: what is refused is found wherever it stands, and nothing else is refused."""

import json
from collections.abc import Mapping

import pytest

from environments_app.terraform.inspection import Refused, inspect, inspect_fetched

ALLOWED = frozenset({"hashicorp/aws", "hashicorp/random"})
EVIL = 'resource "terraform_data" "evil" {\n  provisioner "local-exec" {\n    command = "id"\n  }\n}\n'
OUTSIDE = 'locals {\n  evil = file("/etc/passwd")\n}\n'


def refused(files: Mapping[str, str], root: str = ".") -> list[Refused]:
    return list(inspect({name: text.encode() for name, text in files.items()}, root, ALLOWED).refused)


def words(text: str, name: str = "main.tf") -> list[str]:
    return [each.what for each in refused({name: text})]


@pytest.mark.parametrize(
    "before",
    [
        'locals {\n  a = "$${"\n}\n',  # an escaped marker opens nothing
        'locals {\n  a = "%%{"\n}\n',
        'locals {\n  a = "\\""\n}\n',
        'locals {\n  a = "${"}"}"\n}\n',
        "locals {\n  a = <<EOT\n  EOT not yet\n EOT\n}\n",
        "locals {\n  a = <<-EOT\n  ${<<X\n  EOT\nX\n}\nEOT\n}\n",
        "# a comment /*\n",
        '/* a comment " */\n',
        'locals {\n  a = "#"\n}\n',
        'locals {\n  a = "/*"\n}\n',
        "\ufeff",
        "locals {\r\n  a = 1\r\n}\r\n",
    ],
)
def test_nothing_hides_what_follows(before: str) -> None:
    assert words(before + EVIL) == ["a provisioner 'local-exec' runs programs"]


@pytest.mark.parametrize(
    "text",
    [
        'locals {\n  a = "$$${"\n}\n',
        'locals {\n  a = "\n"\n}\n',
        'locals {\n  a = "\\q"\n}\n',
        "locals {\n  a = <<EOT\nnever ends\n",
        "locals {\n  a = (1\n}\n",
        "locals {\n  a = 'single'\n}\n",
        "locals {\n",
        "\x00",
        "locals {\n  a = 1\n  a = 2\n}\n",
        '{"resource": ',
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    name = "main.tf.json" if text.startswith('{"') else "main.tf"
    assert [each.startswith("it cannot be read: ") for each in words(text, name)] == [True]


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
        'templatefile("${path.root}/x.tftpl", { a = 1 })',
        '"file(/etc/passwd)"',
        "var.file",
        '"$${file(\\"/etc/passwd\\")}"',
    ],
)
def test_files_of_its_own(expression: str) -> None:
    assert words(f"locals {{\n  a = {expression}\n}}\n") == []


def test_a_template_is_code_too() -> None:
    files = {
        "main.tf": 'locals {\n  a = templatefile("${path.module}/t.tftpl", {})\n}\n',
        "t.tftpl": 'a line\n${file("/etc/passwd")}\n',
    }
    assert [(each.file, each.line) for each in refused(files)] == [("t.tftpl", 2)]


def test_an_upload_from_outside() -> None:
    text = 'resource "aws_s3_object" "it" {\n  source = "/proc/self/environ"\n}\n'
    assert words(text) == ["aws_s3_object.source opens '/proc/self/environ', outside of the source"]


@pytest.mark.parametrize(
    "code",
    [
        {"resource": {"terraform_data": {"evil": {"provisioner": {"local-exec": {"command": "id"}}}}}},
        {"resource": [{"terraform_data": [{"evil": [{"provisioner": [{"local-exec": {"command": "id"}}]}]}]}]},
        {"resource": {"terraform_data": {"evil": [[{"provisioner": {"local-exec": {"command": "id"}}}]]}}},
        {"removed": [[{"from": "a.b", "provisioner": {"local-exec": [[{"command": "id"}]]}}]]},
        {"data": {"external": {"evil": {"program": ["id"]}}}},
        {"locals": {"evil": '${file("/etc/passwd")}'}},
        {"locals": {"evil": [{"deep": '%{ if true }${file("/etc/passwd")}%{ endif }'}]}},
        {"terraform": {"backend": {"http": {}}}},
        {"terraform": {"required_providers": {"it": {"source": "somebody/it"}}}},
        {"module": {"it": {"source": "../outside"}}},
    ],
)
def test_the_json_syntax_is_read_as_well(code: object) -> None:
    assert len(words(json.dumps(code), "main.tf.json")) == 1


def test_a_name_that_stands_twice_in_json_hides_nothing() -> None:
    assert words('{"data": {"external": {"a": {}}}, "data": {}}', "main.tf.json") == [
        "it cannot be read: data is set twice"
    ]


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ('resource "google_project" "it" {\n}\n', "hashicorp/google"),
        ('provider "google" {\n}\n', "hashicorp/google"),
        ('resource "aws_vpc" "it" {\n  provider = google.other\n}\n', "hashicorp/google"),
        ('terraform {\n  required_providers {\n    aws = {\n      source = "evil/aws"\n    }\n  }\n}\n', "evil/aws"),
        (
            'terraform {\n  required_providers {\n    aws = { source = "evil.example/hashicorp/aws" }\n  }\n}\n',
            "evil.example/hashicorp/aws",
        ),
        ("terraform {\n  required_providers {\n    it = { source = var.it }\n  }\n}\n", "hashicorp/?"),
        ('check "it" {\n  data "dns_a_record_set" "it" {\n  }\n}\n', "hashicorp/dns"),
    ],
)
def test_providers_that_are_not_listed(text: str, provider: str) -> None:
    assert words(text) == [f"the provider {provider} is not on the list"]


@pytest.mark.parametrize("source", ["hashicorp/aws", "registry.terraform.io/hashicorp/aws", "HashiCorp/AWS"])
def test_providers_that_are_listed(source: str) -> None:
    text = f'terraform {{\n  required_providers {{\n    cloud = {{ source = "{source}" }}\n  }}\n}}\n'
    assert words(text + 'resource "cloud_vpc" "it" {\n}\nresource "terraform_data" "it" {\n}\n') == []


@pytest.mark.parametrize(
    "source",
    [
        "../outside",
        "/absolute",
        "terraform-aws-modules/vpc/aws",
        "git::http://example.com/a.git",
        "http://example.com/a.zip",
        "https://example.com/a.zip",
        "git::file:///a",
        "git::ssh://-oProxyCommand=id/x",
        "s3::https://s3.amazonaws.com/a/b.zip",
        "git::https://example.com/a.git//../..",
        "${var.where}",
    ],
)
def test_modules_from_elsewhere(source: str) -> None:
    assert len(words(f'module "it" {{\n  source = "{source}"\n}}\n')) == 1


@pytest.mark.parametrize(
    "source", ["git::https://example.com/a.git//b?ref=v1", "git::ssh://git@example.com/a.git", "github.com/a/b"]
)
def test_modules_from_git_are_fetched_and_looked_at_then(source: str) -> None:
    found = inspect({"main.tf": f'module "it" {{\n  source = "{source}"\n}}\n'.encode()}, ".", ALLOWED)
    assert (found.refused, found.fetches_modules) == ((), True)
    manifest = json.dumps({"Modules": [{"Key": "", "Dir": "."}, {"Key": "it", "Dir": ".terraform/modules/it/b"}]})
    files = {"live/.terraform/modules/it/b/main.tf": EVIL.encode(), "live/.terraform/modules/it/x/main.tf": b""}
    (each,) = inspect_fetched(files, manifest.encode(), "live", ALLOWED)
    assert (each.file, each.line) == ("live/.terraform/modules/it/b/main.tf", 2)


def test_only_the_modules_that_are_used_are_judged() -> None:
    files = {
        "live/main.tf": 'module "a" {\n  source = "../modules/a"\n}\n',
        "modules/a/main.tf": 'module "b" {\n  source = "../b"\n}\n',
        "modules/b/main.tf": OUTSIDE,
        "modules/unused/main.tf": EVIL,
    }
    assert [each.file for each in refused(files, "live")] == ["modules/b/main.tf"]


@pytest.mark.parametrize(
    "name", ["terraform.tfvars", "a.auto.tfvars", "a.auto.tfvars.json", ".terraformrc", "slipway_override.tf"]
)
def test_what_would_decide_in_the_place_of_the_configuration(name: str) -> None:
    assert [each.file for each in refused({"main.tf": "", name: ""})] == [name]


def test_a_state_in_the_source_and_a_source_without_code() -> None:
    assert [each.what for each in refused({"main.tf": "", ".terraform/modules/modules.json": ""})] == [
        "it is made by Terraform and belongs in no source"
    ]
    assert [each.what for each in refused({"README.md": ""})] == ["there is no Terraform code here"]
    assert refused({".live/slipway-roles.tf": ""}, ".live") == []


def test_every_refusal_says_where_what_and_the_way_on() -> None:
    assert str(refused({"main.tf": EVIL})[0]) == (
        "main.tf line 2: a provisioner 'local-exec' runs programs. Leave it out, or make it a resource."
    )
