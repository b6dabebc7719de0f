# Two roles: the execution role is ECS's own (pull, log, fetch secrets before the start), the task role is
# what the application may do.

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "RegistryLogin"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # has no resource of its own
  }

  statement {
    sid       = "PullImages"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
    resources = var.permissions.repository_arns
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${var.log_group.arn}:*"]
  }

  dynamic "statement" {
    for_each = length(var.permissions.secret_arns) > 0 ? [var.permissions.secret_arns] : []

    content {
      sid       = "ReadSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(var.permissions.parameter_arns) > 0 ? [var.permissions.parameter_arns] : []

    content {
      sid       = "ReadParameters"
      actions   = ["ssm:GetParameters"]
      resources = statement.value
    }
  }
}

data "aws_iam_policy_document" "task" {
  dynamic "statement" {
    for_each = length(var.permissions.bucket_arns) > 0 ? [var.permissions.bucket_arns] : []

    content {
      sid       = "ListBuckets"
      actions   = ["s3:ListBucket"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(var.permissions.bucket_arns) > 0 ? [var.permissions.bucket_arns] : []

    content {
      sid       = "UseObjects"
      actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      resources = [for arn in statement.value : "${arn}/*"]
    }
  }

  dynamic "statement" {
    for_each = var.file_system[*]

    content {
      sid       = "MountFiles"
      actions   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      resources = [statement.value.arn]

      condition {
        test     = "StringEquals"
        variable = "elasticfilesystem:AccessPointArn"
        values   = [statement.value.access_point.arn]
      }
    }
  }

  dynamic "statement" {
    for_each = var.permissions.tracing ? ["tracing"] : []

    content {
      sid = "SendTraces"
      actions = [
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
      ]
      resources = ["*"] # X-Ray's data plane has no resources
    }
  }

  dynamic "statement" {
    for_each = var.permissions.execute_command ? ["exec"] : []

    content {
      sid = "EcsExec"
      actions = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ]
      resources = ["*"] # Session Manager's channels have no resources
    }
  }
}

locals {
  task_may_anything = (
    length(var.permissions.bucket_arns) > 0 || var.file_system != null || var.permissions.tracing || var.permissions.execute_command
  )
}

resource "aws_iam_role" "execution" {
  name               = "${local.family}-execution"
  description        = "ECS's own for ${local.family}: images, logs, secrets at start"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "execution" {
  name   = "start-tasks"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role" "task" {
  name               = "${local.family}-task"
  description        = "What the application ${local.family} may do"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "task" {
  count = local.task_may_anything ? 1 : 0

  name   = "application"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}
