# Viewers speak TLS 1.2 or later with the CDN, and the CDN so with the load balancer wherever that has a certificate.

locals {
  balancer = "load-balancer"
  bucket   = "static"

  # CloudFront's own policies, the same ids in every account (CloudFront developer guide, "Use managed ... policies").
  caching_optimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  all_viewer        = "216adef6-5c7f-47e4-b989-5492eafa07d3"
}

resource "aws_cloudfront_origin_access_control" "static" {
  count = var.static == null ? 0 : 1

  name                              = var.name
  description                       = "Static files of ${var.name}"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# Answers are kept apart by all that services may decide on: a page for one visitor never reaches another.
resource "aws_cloudfront_cache_policy" "this" {
  name        = "${var.name}-dynamic"
  comment     = "As answers say, else default_ttl_seconds"
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
        items = ["Accept", "Accept-Language", "Authorization", "Host", "Origin"]
      }
    }

    query_strings_config {
      query_string_behavior = "all"
    }
  }
}

# What a service says of itself is left as it is (override = false): only it knows its scripts and frames.
resource "aws_cloudfront_response_headers_policy" "this" {
  name    = "${var.name}-security"
  comment = "Security headers, where an answer has none of its own"

  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = true
      override                   = false
    }

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
  }
}

resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV_AWS_68:the configuration decides on a firewall (modules/waf)
  #checkov:skip=CKV_AWS_86:the firewall and the load balancer log requests where the configuration asks for it
  #checkov:skip=CKV_AWS_174:with a certificate it is TLS 1.2; CloudFront's own name has CloudFront's own policy
  #checkov:skip=CKV_AWS_305:what lies at / is the service's
  #checkov:skip=CKV_AWS_310:there is one origin of a kind
  #checkov:skip=CKV_AWS_374:countries are the firewall's (modules/waf)
  #checkov:skip=CKV2_AWS_42:CloudFront's own name has CloudFront's own certificate
  #checkov:skip=CKV2_AWS_47:the configuration decides on rule groups
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  comment         = var.name
  aliases         = var.names
  price_class     = var.price_class
  web_acl_id      = var.web_acl_arn

  dynamic "origin" {
    for_each = var.load_balancer[*]

    content {
      origin_id   = local.balancer
      domain_name = origin.value.dns_name

      custom_origin_config {
        http_port              = 80
        https_port             = 443
        origin_protocol_policy = origin.value.https ? "https-only" : "http-only"
        origin_ssl_protocols   = ["TLSv1.2"]
        origin_read_timeout    = min(60, origin.value.idle_timeout_seconds) # 60 is CloudFront's limit
      }
    }
  }

  dynamic "origin" {
    for_each = var.static[*]

    content {
      origin_id                = local.bucket
      domain_name              = origin.value.domain_name
      origin_access_control_id = aws_cloudfront_origin_access_control.static[0].id
    }
  }

  default_cache_behavior {
    target_origin_id           = var.load_balancer == null ? local.bucket : local.balancer
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = var.load_balancer == null ? ["GET", "HEAD"] : ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = var.compress
    cache_policy_id            = var.load_balancer == null ? local.caching_optimized : aws_cloudfront_cache_policy.this.id
    origin_request_policy_id   = var.load_balancer == null ? null : local.all_viewer
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.static_paths

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = local.bucket
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = var.compress
      cache_policy_id            = local.caching_optimized
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = length(var.names) == 0
    acm_certificate_arn            = length(var.names) == 0 ? null : var.certificate_arn
    ssl_support_method             = length(var.names) == 0 ? null : "sni-only"
    minimum_protocol_version       = length(var.names) == 0 ? "TLSv1" : "TLSv1.2_2021"
  }
}

# The hit ratio is one of CloudFront's additional metrics, which are charged.
resource "aws_cloudfront_monitoring_subscription" "this" {
  count = var.additional_metrics ? 1 : 0

  distribution_id = aws_cloudfront_distribution.this.id

  monitoring_subscription {
    realtime_metrics_subscription_config {
      realtime_metrics_subscription_status = "Enabled"
    }
  }
}
