# Who Terraform is in AWS.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  backend "s3" {}
}

provider "aws" {}

data "aws_caller_identity" "this" {}

output "arn" {
  description = "The identity that AWS sees."
  value       = data.aws_caller_identity.this.arn
}
