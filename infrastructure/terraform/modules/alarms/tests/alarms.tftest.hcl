# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:us-east-1:123456789012:shop-staging-critical" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/1" }
  }
}

variables {
  prefix = "shop-staging"
  alarms = {
    cpu = {
      severity   = "warning", namespace = "AWS/ECS", metric_name = "CPUUtilization", statistic = "Average"
      dimensions = { ServiceName = "web" }, above = true, threshold = 80, period_seconds = 300, evaluation_periods = 2
    }
    errors = {
      severity = "critical", namespace = "AWS/ApplicationELB", metric_name = "HTTPCode_Target_5XX_Count", statistic = "Sum"
      divisor  = "RequestCount", dimensions = {}, above = true, threshold = 5, period_seconds = 300, evaluation_periods = 1
    }
  }
  subscriptions = [{ severity = "critical", protocol = "email", endpoint = "team@example.com" }]
}

run "each_severity_has_an_encrypted_topic_that_its_alarms_and_their_ends_reach" {
  command = apply

  assert {
    condition     = keys(aws_sns_topic.this) == ["critical", "warning"]
    error_message = "There must be a topic for each severity."
  }

  assert {
    condition     = alltrue([for topic in aws_sns_topic.this : topic.kms_master_key_id == aws_kms_key.this[0].arn])
    error_message = "Topics must be encrypted with the environment's key."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : length(alarm.alarm_actions) == 1 && alarm.alarm_actions == alarm.ok_actions])
    error_message = "An alarm and its end are published alike."
  }

  assert {
    condition     = aws_sns_topic_subscription.this["critical:email:team@example.com"].endpoint == "team@example.com"
    error_message = "People are subscribed by Terraform, so that they are told while Slipway is down."
  }
}

run "a_share_is_computed_and_nothing_of_nothing_is_no_error" {
  command = apply

  assert {
    condition     = [for query in aws_cloudwatch_metric_alarm.this["errors"].metric_query : query.expression if query.return_data == true] == ["IF(whole > 0, 100 * FILL(part, 0) / whole, 0)"]
    error_message = "The error rate is that of all requests."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["cpu"].metric_name == "CPUUtilization" && aws_cloudwatch_metric_alarm.this["cpu"].threshold == 80
    error_message = "A plain alarm watches one metric."
  }
}

run "without_alarms_there_is_no_key_to_pay_for" {
  command = plan

  variables {
    alarms        = {}
    subscriptions = []
  }

  assert {
    condition     = length(aws_kms_key.this) == 0 && length(aws_sns_topic.this) == 0
    error_message = "There is nothing to encrypt."
  }
}

run "an_unknown_severity_is_refused" {
  command = plan

  variables {
    alarms = {
      cpu = {
        severity   = "grave", namespace = "AWS/ECS", metric_name = "CPUUtilization", statistic = "Average"
        dimensions = {}, above = true, threshold = 80, period_seconds = 300, evaluation_periods = 2
      }
    }
  }

  expect_failures = [var.alarms]
}
