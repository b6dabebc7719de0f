# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name              = "shop-staging"
  subnet_ids        = ["subnet-1", "subnet-2"]
  security_group_id = "sg-1"
}

run "it_is_encrypted_reachable_in_every_zone_and_backed_up" {
  command = plan

  assert {
    condition     = aws_efs_file_system.this.encrypted && aws_kms_key.this.enable_key_rotation
    error_message = "Files must be encrypted, with a key that rotates."
  }

  assert {
    condition     = [for target in aws_efs_mount_target.this : target.subnet_id] == ["subnet-1", "subnet-2"]
    error_message = "There must be a mount target in every zone."
  }

  assert {
    condition     = aws_efs_backup_policy.this.backup_policy[0].status == "ENABLED"
    error_message = "Backups are on unless they are switched off."
  }
}

run "tasks_share_one_folder_as_one_user" {
  command = plan

  assert {
    condition     = aws_efs_access_point.this.root_directory[0].path == "/shared" && aws_efs_access_point.this.posix_user[0].uid == 1000
    error_message = "The access point decides on folder and user."
  }
}

run "files_that_nobody_reads_move" {
  command = plan

  variables {
    infrequent_access_days = 30
    backups                = false
  }

  assert {
    condition     = aws_efs_file_system.this.lifecycle_policy[0].transition_to_ia == "AFTER_30_DAYS"
    error_message = "Files must move after 30 days."
  }

  assert {
    condition     = aws_efs_backup_policy.this.backup_policy[0].status == "DISABLED"
    error_message = "Backups were switched off."
  }
}

run "provisioned_throughput_needs_a_figure" {
  command = plan

  variables {
    throughput_mode = "provisioned"
  }

  expect_failures = [var.throughput_mode]
}
