# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {}

variables {
  name             = "shop-staging"
  service_name     = "shop-staging*"
  sampling_percent = 10
}

run "a_tenth_of_the_requests_and_one_each_second_are_traced" {
  command = plan

  assert {
    condition     = aws_xray_sampling_rule.this.fixed_rate == 0.1 && aws_xray_sampling_rule.this.reservoir_size == 1
    error_message = "X-Ray takes the share as a fraction."
  }

  assert {
    condition     = aws_xray_sampling_rule.this.service_name == "shop-staging*"
    error_message = "The rule is for this environment's services only."
  }
}

run "a_name_that_x_ray_would_refuse_is_refused_in_the_plan" {
  command = plan

  variables {
    name = "a-name-of-more-than-thirty-two-characters"
  }

  expect_failures = [var.name]
}
