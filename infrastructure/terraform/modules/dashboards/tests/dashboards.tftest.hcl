# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { name = "us-east-1" }
  }
}

variables {
  prefix = "shop-staging"
  dashboards = {
    operations = [for title in ["CPU", "Memory", "Errors"] : { title = title, statistic = "Average", metrics = [["AWS/ECS", "CPUUtilization"]] }]
  }
}

run "widgets_stand_two_in_a_row" {
  command = plan

  assert {
    condition     = aws_cloudwatch_dashboard.this["operations"].dashboard_name == "shop-staging-operations"
    error_message = "Dashboards are named by environment and key."
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this["operations"].dashboard_body).widgets : [widget.x, widget.y]] == [[0, 0], [12, 0], [0, 6]]
    error_message = "Widgets must not cover each other."
  }
}
