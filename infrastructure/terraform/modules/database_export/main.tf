# Once a week: EventBridge Scheduler calls a function, which has RDS export the newest snapshot.

data "aws_iam_policy_document" "export_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["export.rds.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "export" {
  statement {
    sid       = "WriteExports"
    actions   = ["s3:PutObject*", "s3:GetObject*", "s3:DeleteObject*"]
    resources = ["${var.bucket.arn}/${var.prefix}/*"]
  }

  statement {
    sid       = "LookAtBucket"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [var.bucket.arn]
  }
}

resource "aws_iam_role" "export" {
  name               = "${var.name}-export-files"
  description        = "RDS's own: writes exports of ${var.name} to ${var.bucket.name}"
  assume_role_policy = data.aws_iam_policy_document.export_trust.json
}

resource "aws_iam_role_policy" "export" {
  name   = "write-exports"
  role   = aws_iam_role.export.id
  policy = data.aws_iam_policy_document.export.json
}

data "aws_iam_policy_document" "function" {
  statement {
    sid       = "FindSnapshots"
    actions   = ["rds:DescribeDBSnapshots"]
    resources = [var.database.arn, "${local.rds}:snapshot:rds:${var.database.identifier}-*"]
  }

  #checkov:skip=CKV_AWS_111:StartExportTask has no resource to name but the snapshot, which changes every day
  #checkov:skip=CKV_AWS_356:StartExportTask has no resource to name but the snapshot, which changes every day
  statement {
    sid       = "StartExports"
    actions   = ["rds:StartExportTask"]
    resources = ["*"]
  }

  statement {
    sid       = "HandOverRole"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.export.arn]
  }

  # RDS takes a grant on the key for the time of an export.
  statement {
    sid = "HandOverKey"
    actions = [
      "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:RetireGrant",
    ]
    resources = [var.database.kms_key_arn]
  }
}

locals {
  rds = join(":", slice(split(":", var.database.arn), 0, 5))
}

module "function" {
  source = "../function"

  name        = "${var.name}-export"
  description = "Exports the newest snapshot of ${var.name} to S3"
  code        = file("${path.module}/export.py")
  settings = jsonencode({
    database = var.database.identifier
    bucket   = var.bucket.name
    prefix   = var.prefix
    role     = aws_iam_role.export.arn
    key      = var.database.kms_key_arn
  })
  policy             = data.aws_iam_policy_document.function.json
  log_retention_days = var.log_retention_days
  log_kms_key_arn    = var.log_kms_key_arn
}

data "aws_iam_policy_document" "schedule_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "schedule" {
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = [module.function.arn]
  }
}

resource "aws_iam_role" "schedule" {
  name               = "${var.name}-export-schedule"
  description        = "EventBridge Scheduler's own: calls the export of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.schedule_trust.json
}

resource "aws_iam_role_policy" "schedule" {
  name   = "call-function"
  role   = aws_iam_role.schedule.id
  policy = data.aws_iam_policy_document.schedule.json
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:the schedule holds no data
  name                = "${var.name}-export"
  description         = "Weekly export of ${var.name}"
  schedule_expression = var.schedule

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.function.arn
    role_arn = aws_iam_role.schedule.arn

    retry_policy {
      maximum_retry_attempts = 3
    }
  }
}
