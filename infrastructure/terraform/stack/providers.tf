# Credentials, the role to take and (for the sandbox) the endpoint come from the environment of the process.
provider "aws" {
  region = var.region

  default_tags {
    tags = merge(var.tags, {
      "slipway:system"      = var.system
      "slipway:environment" = var.environment
      "slipway:managed"     = "terraform"
    })
  }
}
