module "people_roles" {
  source = "../modules/people_roles"
  count  = var.people_roles == null ? 0 : 1

  name          = local.name
  developers    = var.people_roles.developers
  admins        = var.people_roles.admins
  require_mfa   = var.people_roles.require_mfa
  session_hours = var.people_roles.session_hours
  cluster_arn   = module.cluster.arn
  log_groups    = [for group in module.logs.groups : group.arn]
  buckets       = [for bucket in module.storage.buckets : bucket.arn]
  repositories  = [for repository in module.registry.repositories : repository.arn]
  secrets       = { for key, arn in module.secrets.arns : key => { arn = arn, store = local.stores[key] } }
  databases     = module.database[*].arn
}
