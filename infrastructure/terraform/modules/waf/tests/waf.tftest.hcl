mock_provider "aws" {
  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/1" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-shop" }
  }
}

variables {
  name         = "shop"
  resource_arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/1"
}

run "clients_are_limited_and_attacks_are_blocked_at_the_load_balancer" {
  assert {
    condition     = one([for rule in aws_wafv2_web_acl.this.rule : rule.statement[0].rate_based_statement[0].limit if rule.name == "rate-limit"]) == 2000
    error_message = "2,000 requests of one address in five minutes."
  }

  assert {
    condition     = toset([for rule in aws_wafv2_web_acl.this.rule : rule.name]) == toset(["rate-limit", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"])
    error_message = "The rules are those that were asked for."
  }

  assert {
    condition     = aws_wafv2_web_acl.this.scope == "REGIONAL" && length(aws_wafv2_web_acl_association.this) == 1 && length(aws_cloudwatch_log_group.this) == 0
    error_message = "It stands before the load balancer, and logs only on request."
  }
}

run "at_the_cdn_the_distribution_names_it" {
  variables {
    scope        = "CLOUDFRONT"
    resource_arn = null
  }

  assert {
    condition     = aws_wafv2_web_acl.this.scope == "CLOUDFRONT" && length(aws_wafv2_web_acl_association.this) == 0
    error_message = "CloudFront takes the firewall by the distribution's own setting."
  }
}

run "countries_both_ways_and_logs" {
  variables {
    allowed_countries  = ["BR", "PT"]
    log_retention_days = 30
  }

  assert {
    condition     = one([for rule in aws_wafv2_web_acl.this.rule : rule.statement[0].not_statement[0].statement[0].geo_match_statement[0].country_codes if rule.name == "other-countries"]) == tolist(["BR", "PT"])
    error_message = "Whoever comes from elsewhere is blocked."
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.this[0].name, "aws-waf-logs-") && aws_cloudwatch_log_group.this[0].retention_in_days == 30
    error_message = "WAF logs to groups of that prefix only."
  }
}

run "a_rate_that_waf_does_not_take_is_refused" {
  command = plan

  variables {
    rate_limit = 5
  }

  expect_failures = [var.rate_limit]
}
