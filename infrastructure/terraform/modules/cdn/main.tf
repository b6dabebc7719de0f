locals {
  balancer = "balancer"
  static   = "static"
  default  = var.balancer == null ? local.static : local.balancer

  # Policies that AWS manages (CloudFront developer guide, "Use managed cache policies", "… origin request policies").
  caching_optimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  all_viewer        = "216adef6-5c7f-47e4-b989-5492eafa07d3"
}

# What the services answer is cached as they say themselves. Sessions are told apart: cookies, queries and the
# Authorization header are part of what an answer is found by.
resource "aws_cloudfront_cache_policy" "services" {
  name        = "${var.name}-services"
  comment     = "Answers of the services of ${var.name}"
  min_ttl     = 0
  default_ttl = var.default_ttl_seconds
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_gzip   = var.compress
    enable_accept_encoding_brotli = var.compress

    cookies_config {
      cookie_behavior = "all"
    }

    headers_config {
      header_behavior = "whitelist"

      headers {
        items = ["Authorization", "Host"]
      }
    }

    query_strings_config {
      query_string_behavior = "all"
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "this" {
  #checkov:skip=CKV_AWS_259:HSTS for a year; a service's own header is kept, and preloading is the whole domain's decision
  name    = "${var.name}-security"
  comment = "Security headers of ${var.name}; a service's own are kept"

  security_headers_config {
    content_security_policy {
      content_security_policy = "base-uri 'self'; frame-ancestors 'self'; object-src 'none'"
      override                = false
    }

    content_type_options {
      override = false
    }

    frame_options {
      frame_option = "SAMEORIGIN"
      override     = false
    }

    referrer_policy {
      referrer_policy = "strict-origin-when-cross-origin"
      override        = false
    }

    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = true
      override                   = false
    }
  }
}

resource "aws_cloudfront_origin_access_control" "static" {
  count = var.bucket == null ? 0 : 1

  name                              = var.name
  description                       = "Only this distribution reads the bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV_AWS_86:requests are logged at the load balancer and by the firewall, where the configuration asks for it
  #checkov:skip=CKV_AWS_68:a firewall is the configuration's decision
  #checkov:skip=CKV2_AWS_47:the configuration decides on rule groups
  #checkov:skip=CKV_AWS_310:one origin: the environment itself
  #checkov:skip=CKV_AWS_374:countries are the firewall's matter
  #checkov:skip=CKV_AWS_305:paths are the services' own
  #checkov:skip=CKV_AWS_174:TLS 1.2 wherever there is a name of one's own; CloudFront's own certificate allows no choice
  #checkov:skip=CKV2_AWS_42:likewise
  enabled         = true
  is_ipv6_enabled = true
  comment         = var.name
  aliases         = var.https ? var.names : []
  price_class     = var.price_class
  web_acl_id      = var.web_acl_arn

  dynamic "origin" {
    for_each = var.balancer[*]

    content {
      origin_id   = local.balancer
      domain_name = origin.value.dns_name

      # The host is passed on, and with it the name that the load balancer's certificate is for.
      custom_origin_config {
        http_port              = 80
        https_port             = 443
        origin_protocol_policy = origin.value.https ? "https-only" : "http-only"
        origin_ssl_protocols   = ["TLSv1.2"]
      }
    }
  }

  dynamic "origin" {
    for_each = var.bucket[*]

    content {
      origin_id                = local.static
      domain_name              = origin.value.regional_domain_name
      origin_access_control_id = aws_cloudfront_origin_access_control.static[0].id
    }
  }

  default_cache_behavior {
    target_origin_id           = local.default
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = var.balancer == null ? ["GET", "HEAD"] : ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = var.balancer == null ? local.caching_optimized : aws_cloudfront_cache_policy.services.id
    origin_request_policy_id   = var.balancer == null ? null : local.all_viewer
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    compress                   = var.compress
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.static_paths

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = local.static
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      cache_policy_id            = local.caching_optimized
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
      compress                   = var.compress
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = !var.https
    acm_certificate_arn            = var.https ? var.certificate_arn : null
    minimum_protocol_version       = var.https ? "TLSv1.2_2021" : "TLSv1"
    ssl_support_method             = var.https ? "sni-only" : null
  }
}

# The hit ratio is one of CloudFront's additional metrics (CloudFront developer guide, "View CloudFront metrics").
resource "aws_cloudfront_monitoring_subscription" "this" {
  count = var.additional_metrics ? 1 : 0

  distribution_id = aws_cloudfront_distribution.this.id

  monitoring_subscription {
    realtime_metrics_subscription_config {
      realtime_metrics_subscription_status = "Enabled"
    }
  }
}
