mock_provider "aws" {
  mock_resource "aws_cloudfront_cache_policy" {
    defaults = { id = "services" }
  }
}

variables {
  name            = "shop"
  names           = ["shop.example.com"]
  https           = true
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
  balancer        = { dns_name = "shop.elb.amazonaws.com", https = true }
  bucket          = { regional_domain_name = "shop-assets.s3.eu-west-1.amazonaws.com" }
  static_paths    = ["/assets/*"]
}

run "services_and_static_paths_come_from_where_they_are" {
  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].target_origin_id == "balancer" && aws_cloudfront_distribution.this.ordered_cache_behavior[0].target_origin_id == "static"
    error_message = "Everything but the static paths is the services'."
  }

  assert {
    condition     = one([for origin in aws_cloudfront_distribution.this.origin : origin.custom_origin_config[0].origin_protocol_policy if origin.origin_id == "balancer"]) == "https-only"
    error_message = "A load balancer with HTTPS is asked by HTTPS."
  }

  assert {
    condition     = aws_cloudfront_origin_access_control.static[0].signing_behavior == "always"
    error_message = "The bucket is read by signed requests of this distribution only."
  }
}

run "everybody_comes_by_https_and_tls_1_2" {
  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https" && aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    error_message = "No plain HTTP, and no TLS before 1.2."
  }

  assert {
    condition     = aws_cloudfront_response_headers_policy.this.security_headers_config[0].strict_transport_security[0].access_control_max_age_sec >= 31536000
    error_message = "Browsers are told to keep to HTTPS."
  }
}

run "sessions_are_never_mixed" {
  assert {
    condition     = aws_cloudfront_cache_policy.services.parameters_in_cache_key_and_forwarded_to_origin[0].cookies_config[0].cookie_behavior == "all" && contains(aws_cloudfront_cache_policy.services.parameters_in_cache_key_and_forwarded_to_origin[0].headers_config[0].headers[0].items, "Authorization")
    error_message = "An answer for one session is never another's."
  }

  assert {
    condition     = aws_cloudfront_cache_policy.services.default_ttl == 0
    error_message = "Nothing is cached that does not say so."
  }
}

run "a_site_without_services_is_the_bucket" {
  variables {
    balancer     = null
    static_paths = []
  }

  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].target_origin_id == "static" && length(aws_cloudfront_distribution.this.origin) == 1
    error_message = "There is one origin, the bucket."
  }
}

run "static_paths_without_a_bucket_are_refused" {
  command = plan

  variables {
    bucket = null
  }

  expect_failures = [var.static_paths]
}
