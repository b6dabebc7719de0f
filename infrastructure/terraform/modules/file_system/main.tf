resource "aws_kms_key" "this" {
  #checkov:skip=CKV2_AWS_64:without a policy, AWS gives a key the default one: IAM of this account decides
  description             = "Files of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}-files"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_efs_file_system" "this" {
  #checkov:skip=CKV2_AWS_18:its own backup policy puts it into AWS Backup's default plan
  creation_token                  = var.name
  encrypted                       = true
  kms_key_id                      = aws_kms_key.this.arn
  performance_mode                = var.performance_mode
  throughput_mode                 = var.throughput_mode
  provisioned_throughput_in_mibps = var.provisioned_mibps

  dynamic "lifecycle_policy" {
    for_each = var.infrequent_access_days[*]

    content {
      transition_to_ia = "AFTER_${lifecycle_policy.value}_DAYS"
    }
  }

  tags = { Name = var.name }
}

resource "aws_efs_backup_policy" "this" {
  file_system_id = aws_efs_file_system.this.id

  backup_policy {
    status = var.backups ? "ENABLED" : "DISABLED"
  }
}

# One per zone. Keys are positions, because the ids of subnets are not known before they are made.
resource "aws_efs_mount_target" "this" {
  count = length(var.subnet_ids)

  file_system_id  = aws_efs_file_system.this.id
  subnet_id       = var.subnet_ids[count.index]
  security_groups = [var.security_group_id]
}

# The one way in: services share a folder and write as one user, whoever their processes run as.
resource "aws_efs_access_point" "this" {
  file_system_id = aws_efs_file_system.this.id

  posix_user {
    uid = var.owner.uid
    gid = var.owner.gid
  }

  root_directory {
    path = "/shared"

    creation_info {
      owner_uid   = var.owner.uid
      owner_gid   = var.owner.gid
      permissions = "0750"
    }
  }

  tags = { Name = var.name }
}

# A file system with a policy takes nobody anonymous: the role of a task must be let in by IAM (modules/ecs_service).
data "aws_iam_policy_document" "this" {
  statement {
    sid       = "DenyWithoutTls"
    effect    = "Deny"
    actions   = ["*"]
    resources = [aws_efs_file_system.this.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_efs_file_system_policy" "this" {
  file_system_id = aws_efs_file_system.this.id
  policy         = data.aws_iam_policy_document.this.json
}
