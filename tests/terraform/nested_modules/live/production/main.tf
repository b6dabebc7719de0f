terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.62"
    }
  }
}

locals {
  policies = { for name in fileset(path.module, "policies/*.json") : trimsuffix(basename(name), ".json") => name }
}

module "team" {
  source   = "../../modules/team"
  for_each = var.teams

  name           = each.key
  owner          = each.value.owner
  settings       = each.value.settings
  retention_days = var.retention_days
}

resource "aws_iam_policy" "this" {
  for_each = local.policies

  name   = "${var.prefix}-${each.key}"
  policy = file("${path.module}/${each.value}")
}

resource "aws_ssm_parameter" "token" {
  name             = "/${var.prefix}/token"
  type             = "SecureString"
  value_wo         = var.token
  value_wo_version = 1
}
