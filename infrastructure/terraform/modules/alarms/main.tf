locals {
  severities = toset(concat([for alarm in var.alarms : alarm.severity], [for s in var.subscriptions : s.severity]))
}

# Topics are Terraform's, so that people are told also while Slipway is down. One per severity: routes differ.
resource "aws_sns_topic" "this" {
  for_each = local.severities

  name              = "${var.prefix}-${each.key}"
  kms_master_key_id = aws_kms_key.this[0].arn
}

data "aws_iam_policy_document" "publish" {
  for_each = local.severities

  statement {
    sid       = "AlarmsOfThisAccount"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this[each.key].arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }
}

data "aws_caller_identity" "this" {}

resource "aws_sns_topic_policy" "this" {
  for_each = local.severities

  arn    = aws_sns_topic.this[each.key].arn
  policy = data.aws_iam_policy_document.publish[each.key].json
}

resource "aws_sns_topic_subscription" "this" {
  for_each = { for s in var.subscriptions : "${s.severity}:${s.protocol}:${s.endpoint}" => s }

  topic_arn = aws_sns_topic.this[each.value.severity].arn
  protocol  = each.value.protocol
  endpoint  = each.value.endpoint
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = var.alarms

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = each.value.above ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = each.value.evaluation_periods
  datapoints_to_alarm = each.value.datapoints_to_alarm
  treat_missing_data  = each.value.missing_data

  namespace   = each.value.divisor == null ? each.value.namespace : null
  metric_name = each.value.divisor == null ? each.value.metric_name : null
  dimensions  = each.value.divisor == null ? each.value.dimensions : null
  period      = each.value.divisor == null ? each.value.period_seconds : null
  statistic   = each.value.divisor == null && !startswith(each.value.statistic, "p") ? each.value.statistic : null

  extended_statistic = each.value.divisor == null && startswith(each.value.statistic, "p") ? each.value.statistic : null

  dynamic "metric_query" {
    for_each = each.value.divisor == null ? {} : { part = each.value.metric_name, whole = each.value.divisor }

    content {
      id = metric_query.key

      metric {
        namespace   = each.value.namespace
        metric_name = metric_query.value
        dimensions  = each.value.dimensions
        period      = each.value.period_seconds
        stat        = each.value.statistic
      }
    }
  }

  dynamic "metric_query" {
    for_each = each.value.divisor == null ? [] : ["share"]

    content {
      id          = metric_query.value
      label       = "${each.key} (percent)"
      expression  = "IF(whole > 0, 100 * FILL(part, 0) / whole, 0)"
      return_data = true
    }
  }

  alarm_actions = [aws_sns_topic.this[each.value.severity].arn]
  ok_actions    = [aws_sns_topic.this[each.value.severity].arn]
}
