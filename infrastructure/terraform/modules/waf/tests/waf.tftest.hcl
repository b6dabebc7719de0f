# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop/1" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-shop" }
  }
}

variables {
  name         = "shop"
  resource_arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/1"
}

run "a_regional_firewall_stands_before_the_load_balancer" {
  assert {
    condition     = aws_wafv2_web_acl.this.scope == "REGIONAL" && aws_wafv2_web_acl_association.this[0].resource_arn == var.resource_arn
    error_message = "The load balancer is protected."
  }

  assert {
    condition     = toset([for rule in aws_wafv2_web_acl.this.rule : rule.name]) == toset(["rate-limit", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"])
    error_message = "A rate limit, and the managed groups against injection and cross-site scripting."
  }
}

run "a_distribution_names_its_firewall_itself" {
  variables {
    scope        = "CLOUDFRONT"
    resource_arn = null
  }

  assert {
    condition     = aws_wafv2_web_acl.this.scope == "CLOUDFRONT" && length(aws_wafv2_web_acl_association.this) == 0
    error_message = "CloudFront takes no association (WAF API reference, AssociateWebACL)."
  }
}

run "countries_are_blocked_or_the_only_ones_let_in" {
  variables {
    blocked_countries = ["AQ"]
    allowed_countries = ["PT"]
  }

  assert {
    condition     = length(setintersection([for rule in aws_wafv2_web_acl.this.rule : rule.name], ["blocked-countries", "other-countries"])) == 2
    error_message = "Both ways are rules of their own."
  }
}

run "logs_are_kept_as_long_as_asked" {
  variables {
    log_retention_days = 30
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.this[0].name, "aws-waf-logs-") && aws_cloudwatch_log_group.this[0].retention_in_days == 30
    error_message = "WAF writes to groups of that name only."
  }
}

run "a_regional_firewall_before_nothing_is_refused" {
  command = plan

  variables {
    resource_arn = null
  }

  expect_failures = [var.resource_arn]
}
