"""Inspection reads HCL as Terraform does: what is refused is found wherever it stands, and nothing else is refused."""

import json

import pytest

from tests.foreign_code import EVIL, refused, words

OUTSIDE = 'locals {\n  evil = file("/etc/passwd")\n}\n'


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


@pytest.mark.parametrize("character", [*"\x0b\x0c\x1c\x1d\x1e\x1f\x7f"])
@pytest.mark.parametrize("end", ["{}A", "A{}"])
def test_no_control_character_ends_a_heredoc_here_that_goes_on_there(character: str, end: str) -> None:
    """Python takes some of them for spaces, Terraform does not: what follows would be a text here and code there."""
    opened = f"locals {{\n  a = <<A\n{end.format(character)}\n  b = <<X\nA\n}}\n"
    text = f"{opened}{EVIL}locals {{\n  c = <<E\nX\n  d = <<E\nE\n}}\n"
    (said,) = words(text)
    assert said.startswith("it cannot be read: the control character")


def test_many_markers_are_read_in_the_time_of_a_glance() -> None:
    assert words('locals {\n  a = "' + "$" * 200_000 + '"\n}\n') == []


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
        '{"locals": {"a": ' + "1" * 5_000 + "}}",
        "locals {\n  a = " + "[" * 3_000 + "]" * 3_000 + "\n}\n",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    name = "main.tf.json" if text.startswith('{"') else "main.tf"
    assert [each.startswith("it cannot be read: ") for each in words(text, name)] == [True]


@pytest.mark.parametrize(
    "code",
    [
        {"resource": {"terraform_data": {"evil": {"provisioner": {"local-exec": {"command": "id"}}}}}},
        {"resource": [{"terraform_data": [{"evil": [{"provisioner": [{"local-exec": {"command": "id"}}]}]}]}]},
        {"resource": {"terraform_data": {"evil": [[{"provisioner": {"local-exec": {"command": "id"}}}]]}}},
        {"removed": [[{"from": "a.b", "provisioner": {"local-exec": [[{"command": "id"}]]}}]]},
        {"resource": {"aws_vpc": {"it": {"provider": "google.other"}}}},
        {"provider": {"aws": [[{"profile": "x"}]]}},
        {"provider": {"aws": {"dynamic": {"assume_role": {"for_each": [1], "content": {}}}}}},
        {"data": {"terraform_remote_state": {"it": {"backend": "s3", "config": {"profile": "x"}}}}},
        {"data": {"terraform_remote_state": {"it": {"backend": "s3", "config": "${local.it}"}}}},
        {"resource": {"aws_s3_object": {"it": {"source": "${local.it}"}}}},
        {"locals": {"//": '${file("/etc/passwd")}'}},
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
        ('terraform {\n  required_providers {\n    aws = { ("source") = "evil/aws" }\n  }\n}\n', "hashicorp/?"),
        (
            'terraform {\n  required_providers {\n    it = { source = "hashicorp/aws", source = "evil/it" }\n  }\n}\n',
            "hashicorp/?",
        ),
        (
            'terraform {\n  required_providers {\n    aws = { source = true ? "evil/aws" : "" }\n  }\n}\n',
            "hashicorp/?",
        ),
        ('resource "aws_vpc" "it" {\n  provider = "google"\n}\n', "hashicorp/google"),
        ('import {\n  to       = aws_vpc.it\n  id       = "x"\n  provider = google.other\n}\n', "hashicorp/google"),
        ("terraform {\n  required_providers {\n    it = { source = var.it }\n  }\n}\n", "hashicorp/?"),
        ('check "it" {\n  data "dns_a_record_set" "it" {\n  }\n}\n', "hashicorp/dns"),
    ],
)
def test_providers_that_are_not_listed(text: str, provider: str) -> None:
    assert words(text) == [f"the provider {provider} is not on the list"]


def test_of_a_provider_that_is_required_twice_both_must_be_listed() -> None:
    """Which of the two Terraform takes is a matter of the files' names."""
    text = 'terraform {\n  required_providers {\n    aws = { source = "SOURCE" }\n  }\n}\n'
    files = {"a_override.tf": text.replace("SOURCE", "evil/aws"), "main.tf": text.replace("SOURCE", "hashicorp/aws")}
    assert [each.what for each in refused(files)] == ["the provider evil/aws is not on the list"]


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
        "git::https://example.com/a.git?ref=--upload-pack=id",
        "git::https://example.com/a.git?archive=zip",
        "git::ssh://git@example.com/a.git?ref=v1&sshkey=QQ",
        "git::https://user:word@example.com/a.git",
        "git::https://example.com/a.git?ref=v1&ref=v2",
        "bitbucket.org/a/b",
        "${var.where}",
    ],
)
def test_modules_from_elsewhere(source: str) -> None:
    assert len(words(f'module "it" {{\n  source = "{source}"\n}}\n')) == 1


def test_a_module_that_is_not_among_the_files_is_not_run_unseen() -> None:
    files = {"main.tf": 'module "it" {\n  source = "./.hidden"\n}\n'}
    assert [(each.file, each.what) for each in refused(files)] == [(".hidden", "there is no Terraform code here")]


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


@pytest.mark.parametrize("name", ["main.tofu", "it.tofu.json", "slipway_override.tofu"])
def test_what_opentofu_reads_in_the_place_of_what_is_looked_at(name: str) -> None:
    (each,) = refused({"main.tf": "", name: EVIL})
    assert (each.file, each.what) == (name, "OpenTofu would read it in the place of what is looked at")


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
