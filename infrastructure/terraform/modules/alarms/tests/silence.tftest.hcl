# What silence means, and how many periods must cross the threshold, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  prefix = "shop-staging"
  alarms = {
    no-target = {
      severity            = "critical", namespace = "AWS/ApplicationELB", metric_name = "HealthyHostCount", statistic = "Minimum"
      dimensions          = {}, above = false, threshold = 1, period_seconds = 60, evaluation_periods = 5
      datapoints_to_alarm = 3, missing_data = "breaching"
    }
    cpu = {
      severity   = "warning", namespace = "AWS/ECS", metric_name = "CPUUtilization", statistic = "Average"
      dimensions = {}, above = true, threshold = 80, period_seconds = 300, evaluation_periods = 2
    }
  }
}

run "silence_can_be_the_fault" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["no-target"].treat_missing_data == "breaching"
    error_message = "Where no target is registered, none is counted: that must ring."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["cpu"].treat_missing_data == "notBreaching"
    error_message = "An idle service is no fault."
  }
}

run "some_of_the_periods_can_be_enough" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["no-target"].datapoints_to_alarm == 3 && aws_cloudwatch_metric_alarm.this["no-target"].evaluation_periods == 5
    error_message = "Three of five periods are enough."
  }
}
