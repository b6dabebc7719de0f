"""Foreign code says nothing of credentials, addresses or programs: who signs and where to is Slipway's to say."""

import pytest

from tests.foreign_code import refused, words


@pytest.mark.parametrize(
    "setting",
    [
        'profile = "x"',
        'shared_config_files = ["${path.module}/config"]',
        'shared_credentials_files = ["${path.module}/credentials"]',
        'custom_ca_bundle = "${path.module}/ca.pem"',
        'http_proxy = "http://example.com"',
        'https_proxy = "http://example.com"',
        'access_key = "x"',
        'secret_key = "x"',
        'token = "x"',
        "insecure = true",
        "skip_region_validation = true",
        'sts_region = "x"',
        'ec2_metadata_service_endpoint = "http://example.com"',
        'assume_role {\n    role_arn = "x"\n  }',
        'assume_role_with_web_identity {\n    web_identity_token_file = "/etc/passwd"\n  }',
        'endpoints {\n    sts = "https://example.com"\n  }',
        'a_setting_of_tomorrow = "x"',
    ],
)
@pytest.mark.parametrize("local", ["aws", "cloud"])
def test_settings_of_the_aws_provider(setting: str, local: str) -> None:
    required = 'terraform {\n  required_providers {\n    cloud = { source = "hashicorp/aws" }\n  }\n}\n'
    text = f'{required}provider "{local}" {{\n  alias = "it"\n  {setting}\n}}\n'
    assert words(text) == [f'provider "{local}" sets {setting.split(" ")[0]}']


def test_a_dynamic_block_is_the_block_that_it_makes() -> None:
    text = 'provider "aws" {\n  dynamic "assume_role" {\n    for_each = [1]\n    content {\n    }\n  }\n}\n'
    assert words(text) == ['provider "aws" sets assume_role']


def test_an_override_file_is_code_as_any_other() -> None:
    files = {"main.tf": 'provider "aws" {\n}\n', "x_override.tf": 'provider "aws" {\n  profile = "x"\n}\n'}
    assert [(each.file, each.line) for each in refused(files)] == [("x_override.tf", 2)]


def test_what_provider_blocks_may_say() -> None:
    text = """
provider "aws" {
  alias    = "each"
  for_each = var.regions
  region   = each.key

  default_tags {
    tags = { team = "shop" }
  }

  ignore_tags {
    keys = ["x"]
  }
}

provider "random" {
}
"""
    assert words(text) == []


def remote_state(config: str) -> list[str]:
    return words(f'data "terraform_remote_state" "it" {{\n  backend = "s3"\n  config = {config}\n}}\n')


@pytest.mark.parametrize(
    "said",
    [
        "profile",
        "shared_config_files",
        "shared_credentials_file",
        "endpoints",
        "endpoint",
        "assume_role",
        "assume_role_with_web_identity",
        "role_arn",
        "custom_ca_bundle",
        "https_proxy",
        "access_key",
        "secret_key",
        "token",
        "skip_region_validation",
    ],
)
def test_how_a_remote_state_is_read(said: str) -> None:
    words = [f"a remote state that is read with {said}"]
    assert remote_state(f'{{\n    bucket = "b"\n    {said} = "x"\n  }}') == words
    assert remote_state(f'{{ bucket = "b", "{said}" : "x" }}') == words


@pytest.mark.parametrize(
    "config",
    [
        "local.config",
        'merge({ bucket = "b" }, local.more)',
        '{ bucket = "b", (local.key) = "x" }',
        '{ bucket = "b", "${local.key}" = "x" }',
        '{ for key in ["profile"] : key => "x" }',
        '{ bucket = "b" }["x"]',
        'true ? { profile = "x" } : {}',
        '{ bucket = "b", bucket = "c" }',
    ],
)
def test_a_remote_state_whose_config_is_not_written_out(config: str) -> None:
    assert remote_state(config) == ["a remote state whose config is not written out where it stands"]


def test_where_a_remote_state_lies() -> None:
    config = """{
      bucket = "${var.prefix}-states"
      key = join("/", [
        "network",
        "terraform.tfstate",
      ])
      region = var.region, encrypt = true
    }"""
    assert remote_state(config) == []


def test_a_list_of_addresses_from_elsewhere() -> None:
    assert words('data "aws_ip_ranges" "it" {\n  services = ["s3"]\n}\n') == []
    assert words('data "aws_ip_ranges" "it" {\n  services = ["s3"]\n  url = "https://example.com"\n}\n') == [
        'data "aws_ip_ranges" calls an address of its own'
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("terraform {\n  encryption {\n  }\n}\n", "encryption in a terraform block"),
        ("terraform {\n  cloud {\n  }\n}\n", "a cloud of its own"),
        ('run_something "it" {\n}\n', "a block 'run_something' that is not known"),
        ("anything = 1\n", "a block 'anything' that is not known"),
    ],
)
def test_what_nobody_knows_to_be_harmless(text: str, what: str) -> None:
    assert words(text) == [what]
