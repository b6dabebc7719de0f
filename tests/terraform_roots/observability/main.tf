# What the sandbox's alarms, logs and notifications are judged by: the real AWS provider.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variable "threshold" {
  type = number
}

resource "aws_sns_topic" "alerts" {
  name              = "alerts"
  signature_version = 2
}

resource "aws_sns_topic_subscription" "elsewhere" {
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "https"
  endpoint  = "https://alerts.example.invalid/hook"
}

resource "aws_cloudwatch_log_group" "app" {
  name = "/app"
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.app.name
  pattern        = "{ $.level = \"error\" }"

  metric_transformation {
    name          = "Errors"
    namespace     = "App"
    value         = "1"
    default_value = 0
    unit          = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  namespace           = "App"
  metric_name         = "Errors"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = var.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "slow"
  namespace           = "App"
  metric_name         = "Took"
  extended_statistic  = "p95"
  period              = 300
  evaluation_periods  = 1
  threshold           = var.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
}

resource "aws_cloudwatch_metric_alarm" "share" {
  alarm_name          = "share"
  evaluation_periods  = 1
  threshold           = var.threshold
  comparison_operator = "GreaterThanThreshold"

  dynamic "metric_query" {
    for_each = { part = "Errors", whole = "Requests" }

    content {
      id = metric_query.key

      metric {
        namespace   = "App"
        metric_name = metric_query.value
        period      = 60
        stat        = "Sum"
      }
    }
  }

  metric_query {
    id          = "share"
    expression  = "IF(whole > 0, 100 * FILL(part, 0) / whole, 0)"
    label       = "errors (percent)"
    return_data = true
  }
}

resource "aws_cloudwatch_composite_alarm" "any" {
  alarm_name    = "any"
  alarm_rule    = "ALARM(${aws_cloudwatch_metric_alarm.errors.alarm_name}) OR ALARM(${aws_cloudwatch_metric_alarm.slow.alarm_name})"
  alarm_actions = [aws_sns_topic.alerts.arn]
}
