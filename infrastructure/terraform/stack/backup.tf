module "backup" {
  source    = "../modules/backup"
  providers = { aws = aws, aws.replica = aws.replica }
  count     = var.backup.copy_region == null || (var.database == null && var.file_system == null) ? 0 : 1

  name           = local.name
  resource_arns  = concat(module.database[*].arn, module.file_system[*].arn)
  retention_days = max(try(var.database.backup_retention_days, 0), 7)
  force_destroy  = var.backup.force_destroy
}

module "database_export" {
  source = "../modules/database_export"
  count  = var.backup.weekly_export ? 1 : 0

  name = local.short_name
  database = {
    identifier  = module.database[0].identifier
    arn         = module.database[0].arn
    kms_key_arn = module.database[0].kms_key_arn
  }
  bucket             = module.storage.buckets[var.backup.export_bucket]
  log_retention_days = var.logs.retention_days
  log_kms_key_arn    = module.logs.kms_key_arn
}
