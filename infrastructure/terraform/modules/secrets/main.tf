# Values are made inside AWS and stored by write-only arguments: no state, plan or output ever holds one.

locals {
  generated = { for key, secret in var.secrets : key => secret if secret.kind == "generated" }
  plain     = { for key, secret in var.secrets : key => secret if secret.kind == "plain" }

  managed    = { for key, secret in var.secrets : key => secret if secret.store == "secrets_manager" }
  parameters = { for key, secret in var.secrets : key => secret if secret.store == "parameter_store" && secret.kind != "plain" }
  filled     = { for key, secret in local.managed : key => secret if secret.kind != "external" }

  # A composed value is written again when anything changes that it is composed of: its version is a number
  # made from all of it.
  sources = {
    generated            = ""
    external             = ""
    database_credentials = var.database == null ? "" : "${var.database.address}:${var.database.password_generation}"
    database_url         = var.database == null ? "" : "${var.database.address}:${var.database.password_generation}"
    redis_url            = var.cache == null ? "" : "${var.cache.address}:${var.cache.password_generation}"
  }
  versions = {
    for key, secret in var.secrets : key => (
      contains(["generated", "external"], secret.kind)
      ? secret.generation
      : parseint(substr(sha256("${secret.generation}:${local.sources[secret.kind]}"), 0, 7), 16)
    ) if secret.kind != "plain"
  }

  password       = one(ephemeral.aws_secretsmanager_secret_version.master[*].secret_string)
  redis_password = one(ephemeral.aws_secretsmanager_secret_version.redis[*].secret_string)
  composed = {
    database_credentials = var.database == null ? "" : jsonencode({
      engine   = "postgres"
      host     = var.database.address
      port     = var.database.port
      dbname   = var.database.name
      username = var.database.username
      password = local.password
    })
    database_url = var.database == null ? "" : "postgresql://${var.database.username}:${urlencode(local.password)}@${var.database.address}:${var.database.port}/${var.database.name}?sslmode=require"
    redis_url    = var.cache == null ? "" : "rediss://${var.cache.username}:${urlencode(local.redis_password)}@${var.cache.address}:${var.cache.port}/0"
  }
}

ephemeral "aws_secretsmanager_random_password" "this" {
  for_each = local.generated

  password_length     = each.value.length
  exclude_punctuation = true
}

ephemeral "aws_secretsmanager_secret_version" "master" {
  count = var.database == null ? 0 : 1

  secret_id = var.database.master_secret_arn
}

ephemeral "aws_secretsmanager_secret_version" "redis" {
  count = var.cache == null ? 0 : 1

  secret_id = var.cache.password_secret_arn
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV_AWS_149:Secrets Manager's own key; a key of ours would have to be shared with every reader
  #checkov:skip=CKV2_AWS_57:rotated on request, by the module rotation
  for_each = local.managed

  name                    = each.value.name
  description             = each.value.description
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = local.filled

  secret_id                = aws_secretsmanager_secret.this[each.key].id
  secret_string_wo         = each.value.kind == "generated" ? ephemeral.aws_secretsmanager_random_password.this[each.key].random_password : local.composed[each.value.kind]
  secret_string_wo_version = local.versions[each.key]
}

resource "aws_ssm_parameter" "secret" {
  #checkov:skip=CKV_AWS_337:Parameter Store's own key; a key of ours would have to be shared with every reader
  for_each = local.parameters

  name             = "/${trimprefix(each.value.name, "/")}"
  description      = each.value.description
  type             = "SecureString"
  value_wo         = each.value.kind == "generated" ? ephemeral.aws_secretsmanager_random_password.this[each.key].random_password : each.value.kind == "external" ? "to be filled in by hand" : local.composed[each.value.kind]
  value_wo_version = local.versions[each.key]
}

resource "aws_ssm_parameter" "plain" {
  #checkov:skip=CKV2_AWS_34:the value is not secret
  for_each = local.plain

  name        = "/${trimprefix(each.value.name, "/")}"
  description = each.value.description
  type        = "String"
  value       = each.value.value
}
