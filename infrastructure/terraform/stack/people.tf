data "aws_partition" "this" {}

locals {
  # The configuration does not know the account that it will be applied in: it says `account`.
  own_account = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}:root"
}

module "people_roles" {
  source = "../modules/people_roles"
  count  = var.people_roles == null ? 0 : 1

  name          = local.name
  developers    = [for who in var.people_roles.developers : who == "account" ? local.own_account : who]
  admins        = [for who in var.people_roles.admins : who == "account" ? local.own_account : who]
  require_mfa   = var.people_roles.require_mfa
  session_hours = var.people_roles.session_hours
  cluster_arn   = module.cluster.arn
  log_groups    = [for group in module.logs.groups : group.arn]
  buckets       = [for bucket in module.storage.buckets : bucket.arn]
  repositories  = [for repository in module.registry.repositories : repository.arn]
  secrets       = { for key, arn in module.secrets.arns : key => { arn = arn, store = local.stores[key] } }
  databases     = module.database[*].arn
}
