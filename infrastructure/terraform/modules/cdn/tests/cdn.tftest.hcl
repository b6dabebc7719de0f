# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_resource "aws_cloudfront_distribution" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:distribution/E1" }
  }
}

variables {
  name            = "shop-staging"
  names           = ["shop.example.com"]
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
  load_balancer   = { dns_name = "shop.eu-west-1.elb.amazonaws.com", https = true }
  static          = { domain_name = "assets.s3.eu-west-1.amazonaws.com" }
  static_paths    = ["/static/*", "/media/*"]
}

run "viewers_and_the_load_balancer_speak_tls_1_2" {
  assert {
    condition     = aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021" && aws_cloudfront_distribution.this.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https"
    error_message = "Viewers speak TLS 1.2 or later, and plain requests are redirected."
  }

  assert {
    condition     = [for origin in aws_cloudfront_distribution.this.origin : origin.custom_origin_config[0].origin_protocol_policy if origin.origin_id == "load-balancer"] == ["https-only"]
    error_message = "The load balancer is reached over HTTPS only."
  }
}

run "static_paths_are_read_from_a_bucket_that_stays_private" {
  assert {
    condition     = [for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : "${behavior.path_pattern} ${behavior.target_origin_id}"] == ["/static/* static", "/media/* static"]
    error_message = "Static paths go to the bucket, in their order."
  }

  assert {
    condition     = aws_cloudfront_origin_access_control.static[0].signing_behavior == "always"
    error_message = "CloudFront signs what it asks of the bucket."
  }
}

run "a_page_for_one_visitor_never_reaches_another" {
  variables {
    default_ttl_seconds = 60
  }

  assert {
    condition     = aws_cloudfront_cache_policy.this.default_ttl == 60 && aws_cloudfront_cache_policy.this.parameters_in_cache_key_and_forwarded_to_origin[0].cookies_config[0].cookie_behavior == "all"
    error_message = "Cached answers are kept apart by their cookies."
  }

  assert {
    condition     = contains(flatten([for config in aws_cloudfront_cache_policy.this.parameters_in_cache_key_and_forwarded_to_origin[0].headers_config : [for header in config.headers : header.items]]), "Authorization")
    error_message = "Cached answers are kept apart by who asks."
  }
}

run "security_headers_are_added_and_never_overwritten" {
  assert {
    condition = alltrue([
      aws_cloudfront_response_headers_policy.this.security_headers_config[0].strict_transport_security[0].access_control_max_age_sec == 31536000,
      !aws_cloudfront_response_headers_policy.this.security_headers_config[0].strict_transport_security[0].override,
      !aws_cloudfront_response_headers_policy.this.security_headers_config[0].content_security_policy[0].override,
    ])
    error_message = "HSTS for a year and a content security policy, unless the service says its own."
  }
}

run "without_a_load_balancer_everything_is_the_buckets_and_nothing_is_written" {
  variables {
    load_balancer   = null
    names           = []
    certificate_arn = null
    static_paths    = []
  }

  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].target_origin_id == "static" && aws_cloudfront_distribution.this.default_cache_behavior[0].allowed_methods == toset(["GET", "HEAD"])
    error_message = "A bucket alone is read."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.viewer_certificate[0].cloudfront_default_certificate
    error_message = "Without names it has CloudFront's own certificate."
  }
}

run "additional_metrics_cost_money_and_are_had_on_request" {
  assert {
    condition     = length(aws_cloudfront_monitoring_subscription.this) == 0
    error_message = "Nobody asked for the hit ratio."
  }
}

run "static_paths_without_a_bucket_are_refused" {
  command = plan

  variables {
    static = null
  }

  expect_failures = [var.static_paths]
}
