# Credentials, the role to take and (for the sandbox) the endpoint come from the environment of the process.
provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

# Where copies lie; the first region where there are none, so that this provider can always be set up.
provider "aws" {
  alias  = "replica"
  region = coalesce(concat([var.backup.copy_region], [for bucket in var.buckets : bucket.replica_region], [var.region])...)

  default_tags {
    tags = local.tags
  }
}

locals {
  tags = merge(var.tags, {
    "slipway:system"      = var.system
    "slipway:environment" = var.environment
    "slipway:managed"     = "terraform"
  })
}
