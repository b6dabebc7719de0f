# Credentials, the role to take and (for the sandbox) the endpoint come from the environment of the process.
provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

# Where copies of buckets and backups lie.
provider "aws" {
  alias  = "replica"
  region = var.copy_region

  default_tags {
    tags = local.tags
  }
}

# CloudFront, its certificates, firewall and metrics are in us-east-1, wherever the environment is.
provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"

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
