module "file_system" {
  source = "../modules/file_system"
  count  = var.file_system == null ? 0 : 1

  name                   = local.name
  subnet_ids             = module.network.private_subnet_ids
  security_group_id      = module.security_groups.file_system_id
  performance_mode       = var.file_system.performance_mode
  throughput_mode        = var.file_system.throughput_mode
  provisioned_mibps      = var.file_system.provisioned_mibps
  infrequent_access_days = var.file_system.infrequent_access_days
  backups                = var.file_system.backups
}

locals {
  # What each service mounts, and where.
  mounts = {
    for name in keys(var.services) : name => var.file_system == null || !contains(keys(try(var.file_system.mounts, {})), name) ? null : {
      id           = module.file_system[0].id
      arn          = module.file_system[0].arn
      access_point = module.file_system[0].access_point
      path         = var.file_system.mounts[name]
    }
  }
}
