# What the module promises, without AWS: both providers are mocks.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-production-backup" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/1" }
  }
}

mock_provider "aws" {
  alias = "replica"

  mock_resource "aws_backup_vault" {
    defaults = { arn = "arn:aws:backup:us-west-2:123456789012:backup-vault:shop-production-copies" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-west-2:123456789012:key/2" }
  }
}

variables {
  name          = "shop-production"
  resource_arns = ["arn:aws:rds:us-east-1:123456789012:db:shop-production"]
}

run "every_backup_is_copied_to_the_second_region" {
  command = apply

  assert {
    condition     = one(one(aws_backup_plan.this.rule).copy_action).destination_vault_arn == "arn:aws:backup:us-west-2:123456789012:backup-vault:shop-production-copies"
    error_message = "Copies must go to the vault of the second region."
  }

  assert {
    condition     = aws_backup_selection.this.resources == toset(["arn:aws:rds:us-east-1:123456789012:db:shop-production"])
    error_message = "The plan backs up what it was told."
  }
}

run "a_copy_does_not_hang_on_the_first_regions_key" {
  command = apply

  assert {
    condition     = aws_backup_vault.copy.kms_key_arn == "arn:aws:kms:us-west-2:123456789012:key/2" && aws_backup_vault.this.kms_key_arn == "arn:aws:kms:us-east-1:123456789012:key/1"
    error_message = "Each vault must have a key of its own region."
  }
}

run "copies_are_kept_as_long_as_backups" {
  command = plan

  variables {
    retention_days = 35
  }

  assert {
    condition     = one(one(aws_backup_plan.this.rule).lifecycle).delete_after == 35 && one(one(one(aws_backup_plan.this.rule).copy_action).lifecycle).delete_after == 35
    error_message = "Backups and copies must be kept for 35 days."
  }
}
