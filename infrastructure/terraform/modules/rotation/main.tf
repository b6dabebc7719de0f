data "aws_caller_identity" "this" {}

locals {
  # What each kind of secret hangs on: the secret with the bare password, and every other entry that contains it.
  rules = {
    for key, secret in var.secrets : key => merge(
      {
        password  = secret.password_secret_arn == null ? secret.arn : secret.password_secret_arn
        length    = secret.length
        followers = secret.followers
      },
      secret.database == null ? {} : { database = secret.database.identifier },
      secret.redis_user == null ? {} : { redis_user = secret.redis_user.id },
    )
  }

  settings = jsonencode({ for key, secret in var.secrets : secret.arn => local.rules[key] })

  written = distinct(flatten([
    for key, secret in var.secrets : [secret.arn, local.rules[key].password, secret.followers]
  ]))
  written_secrets    = [for arn in local.written : arn if !strcontains(arn, ":ssm:")]
  written_parameters = [for arn in local.written : arn if strcontains(arn, ":ssm:")]
  databases          = distinct([for secret in var.secrets : secret.database.arn if secret.database != null])
  redis_users        = distinct([for secret in var.secrets : secret.redis_user.arn if secret.redis_user != null])
}

data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_356:GetRandomPassword has no resource
  statement {
    sid       = "MakePasswords"
    actions   = ["secretsmanager:GetRandomPassword"]
    resources = ["*"]
  }

  statement {
    sid = "WriteSecrets"
    actions = [
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetSecretValue",
      "secretsmanager:PutSecretValue",
      "secretsmanager:UpdateSecretVersionStage",
    ]
    resources = local.written_secrets
  }

  dynamic "statement" {
    for_each = length(local.written_parameters) > 0 ? [local.written_parameters] : []

    content {
      sid       = "WriteParameters"
      actions   = ["ssm:GetParameter", "ssm:PutParameter"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.databases) > 0 ? [local.databases] : []

    content {
      sid       = "SetDatabasePasswords"
      actions   = ["rds:DescribeDBInstances", "rds:ModifyDBInstance"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.redis_users) > 0 ? [local.redis_users] : []

    content {
      sid       = "SetRedisPasswords"
      actions   = ["elasticache:DescribeUsers", "elasticache:ModifyUser"]
      resources = statement.value
    }
  }
}

module "function" {
  source = "../function"

  name               = "${var.name}-rotation"
  description        = "Rotates secrets of ${var.name}"
  code               = file("${path.module}/rotate.py")
  settings           = local.settings
  policy             = data.aws_iam_policy_document.this.json
  timeout_seconds    = 900
  log_retention_days = var.log_retention_days
  log_kms_key_arn    = var.log_kms_key_arn
}

resource "aws_lambda_permission" "this" {
  statement_id   = "secrets-manager"
  function_name  = module.function.name
  action         = "lambda:InvokeFunction"
  principal      = "secretsmanager.amazonaws.com"
  source_account = data.aws_caller_identity.this.account_id

  depends_on = [module.function]
}

# The first rotation comes after the first interval: what was just made is fresh.
resource "aws_secretsmanager_secret_rotation" "this" {
  #checkov:skip=CKV_AWS_304:the configuration decides on the interval
  for_each = var.secrets

  secret_id           = each.value.arn
  rotation_lambda_arn = module.function.arn
  rotate_immediately  = false

  rotation_rules {
    automatically_after_days = each.value.interval_days
  }

  depends_on = [aws_lambda_permission.this]
}
