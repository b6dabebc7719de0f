# AWS Backup beside the stores' own daily backups: one more copy a day, and each copied to a second region.

data "aws_partition" "this" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["backup.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-backup"
  description        = "AWS Backup's own: backups and copies of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = toset(["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"])

  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role/${each.key}"
}

resource "aws_kms_key" "this" {
  #checkov:skip=CKV2_AWS_64:without a policy, AWS gives a key the default one: IAM of this account decides
  description             = "Backups of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
}

resource "aws_kms_key" "copy" {
  #checkov:skip=CKV2_AWS_64:without a policy, AWS gives a key the default one: IAM of this account decides
  provider = aws.replica

  description             = "Copies of ${var.name}'s backups"
  enable_key_rotation     = true
  deletion_window_in_days = 7
}

resource "aws_backup_vault" "this" {
  name          = var.name
  kms_key_arn   = aws_kms_key.this.arn
  force_destroy = var.force_destroy
}

resource "aws_backup_vault" "copy" {
  provider = aws.replica

  name          = "${var.name}-copies"
  kms_key_arn   = aws_kms_key.copy.arn
  force_destroy = var.force_destroy
}

resource "aws_backup_plan" "this" {
  name = var.name

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = var.schedule
    start_window      = 60
    completion_window = 480

    lifecycle {
      delete_after = var.retention_days
    }

    copy_action {
      destination_vault_arn = aws_backup_vault.copy.arn

      lifecycle {
        delete_after = var.retention_days
      }
    }
  }
}

resource "aws_backup_selection" "this" {
  name         = var.name
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.this.arn
  resources    = var.resource_arns
}
