locals {
  rotated = { for key, secret in var.secrets : key => secret if secret.rotation != null }
  # Entries composed of the same password: all of them follow when one is rotated.
  family_of = { database_credentials = "database", database_url = "database", redis_url = "redis" }
  family    = { for key, secret in var.secrets : key => lookup(local.family_of, secret.kind, key) }
  of_family = { for key, family in local.family : family => key... }
  bare      = { database = one(module.database[*].master_secret_arn), redis = one(module.cache[*].password_secret_arn) }
}

module "rotation" {
  source = "../modules/rotation"
  count  = length(local.rotated) == 0 ? 0 : 1

  name = local.short_name
  secrets = {
    for key, secret in local.rotated : key => {
      arn                 = module.secrets.arns[key]
      interval_days       = secret.rotation.interval_days
      length              = secret.kind == "generated" ? secret.length : 40
      password_secret_arn = lookup(local.bare, local.family[key], null)
      followers           = [for other in local.of_family[local.family[key]] : module.secrets.arns[other] if other != key]
      database            = local.family[key] == "database" ? { identifier = module.database[0].identifier, arn = module.database[0].arn } : null
      redis_user          = local.family[key] == "redis" ? { id = module.cache[0].user.id, arn = module.cache[0].user.arn } : null
    }
  }
  log_retention_days = var.logs.retention_days
  log_kms_key_arn    = module.logs.kms_key_arn
}
