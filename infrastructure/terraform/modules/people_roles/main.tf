# Two roles for people. What they may do is written out: reading for developers, and for admins what an operator
# does by hand. The infrastructure itself changes through Terraform alone.

locals {
  principals = { for role, who in { developer = var.developers, admin = var.admins } : role => who if length(who) > 0 }

  cluster_parts = [for kind in ["service", "task", "task-definition", "container-instance"] : "${replace(var.cluster_arn, ":cluster/", ":${kind}/")}/*"]
  secret_arns   = [for secret in var.secrets : secret.arn if secret.store == "secrets_manager"]
  parameters    = [for secret in var.secrets : secret.arn if secret.store == "parameter_store"]
}

data "aws_iam_policy_document" "trust" {
  for_each = local.principals

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = each.value
    }

    dynamic "condition" {
      for_each = var.require_mfa ? ["mfa"] : []

      content {
        test     = "Bool"
        variable = "aws:MultiFactorAuthPresent"
        values   = ["true"]
      }
    }
  }
}

data "aws_iam_policy_document" "read" {
  #checkov:skip=CKV_AWS_356:lists have no resource; where AWS has a condition for the cluster, it bounds them
  statement {
    sid       = "SeeTheCluster"
    actions   = ["ecs:DescribeClusters", "ecs:DescribeServices", "ecs:DescribeTasks", "ecs:DescribeContainerInstances", "ecs:ListTagsForResource"]
    resources = concat([var.cluster_arn], local.cluster_parts)
  }

  statement {
    sid       = "ListInTheCluster"
    actions   = ["ecs:ListServices", "ecs:ListTasks", "ecs:ListContainerInstances"]
    resources = ["*"] # lists have no resource: the condition bounds them

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }

  statement {
    sid       = "ReadLogs"
    actions   = ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartLiveTail", "logs:StartQuery"]
    resources = flatten([for arn in var.log_groups : [arn, "${arn}:*"]])
  }

  statement {
    sid = "ReadWhatHasNoResource"
    actions = [
      "cloudwatch:DescribeAlarms",
      "cloudwatch:GetDashboard",
      "cloudwatch:GetMetricData",
      "cloudwatch:ListDashboards",
      "cloudwatch:ListMetrics",
      "ecs:DescribeTaskDefinition",
      "elasticloadbalancing:DescribeTargetHealth",
      "logs:GetQueryResults",
      "logs:StopQuery",
      "xray:BatchGetTraces",
      "xray:GetTraceSummaries",
    ]
    resources = ["*"] # these actions know no resource (Service Authorization Reference); all of them only read
  }

  dynamic "statement" {
    for_each = length(var.repositories) > 0 ? [var.repositories] : []

    content {
      sid       = "SeeImages"
      actions   = ["ecr:DescribeImages", "ecr:DescribeImageScanFindings", "ecr:DescribeRepositories", "ecr:ListImages"]
      resources = statement.value
    }
  }
}

data "aws_iam_policy_document" "operate" {
  statement {
    sid       = "OperateServices"
    actions   = ["ecs:UpdateService", "ecs:StopTask", "ecs:ExecuteCommand", "ecs:UpdateContainerInstancesState"]
    resources = concat([var.cluster_arn], local.cluster_parts)
  }

  dynamic "statement" {
    for_each = length(local.secret_arns) > 0 ? [local.secret_arns] : []

    content {
      sid       = "KeepSecrets"
      actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:RotateSecret"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.parameters) > 0 ? [local.parameters] : []

    content {
      sid       = "KeepParameters"
      actions   = ["ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(var.buckets) > 0 ? [var.buckets] : []

    content {
      sid       = "UseBuckets"
      actions   = ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      resources = flatten([for arn in statement.value : [arn, "${arn}/*"]])
    }
  }

  dynamic "statement" {
    for_each = length(var.databases) > 0 ? [var.databases] : []

    content {
      sid       = "OperateDatabases"
      actions   = ["rds:CreateDBSnapshot", "rds:DescribeDBInstances", "rds:RebootDBInstance"]
      resources = flatten([for arn in statement.value : [arn, "${replace(arn, ":db:", ":snapshot:")}-*"]])
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.principals

  name                 = "${var.name}-${each.key}"
  description          = "For people: ${each.key} of ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = var.session_hours * 3600
}

resource "aws_iam_role_policy" "read" {
  for_each = local.principals

  name   = "read"
  role   = aws_iam_role.this[each.key].id
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_role_policy" "operate" {
  for_each = { for role, who in local.principals : role => who if role == "admin" }

  name   = "operate"
  role   = aws_iam_role.this[each.key].id
  policy = data.aws_iam_policy_document.operate.json
}
