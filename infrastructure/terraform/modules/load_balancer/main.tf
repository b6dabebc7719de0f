resource "aws_lb" "this" {
  #checkov:skip=CKV2_AWS_20:it redirects wherever there is a certificate
  #checkov:skip=CKV2_AWS_28:the configuration decides on a firewall (modules/waf)
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = var.scheme == "internal"
  subnets                    = var.subnet_ids
  security_groups            = [var.security_group_id]
  idle_timeout               = var.idle_timeout_seconds
  enable_deletion_protection = var.deletion_protection
  drop_invalid_header_fields = true

  dynamic "access_logs" {
    for_each = var.access_logs ? ["on"] : []

    content {
      bucket  = var.access_logs_bucket
      enabled = true
    }
  }
}

# What no service's rule takes is answered here, never by a service that did not ask for it.
resource "aws_lb_listener" "http" {
  #checkov:skip=CKV_AWS_103:without a certificate there is no TLS; with one this listener only redirects
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  dynamic "default_action" {
    for_each = var.https ? ["redirect"] : []

    content {
      type = "redirect"

      redirect {
        protocol    = "HTTPS"
        port        = "443"
        status_code = "HTTP_301"
      }
    }
  }

  dynamic "default_action" {
    for_each = var.https ? [] : ["not-found"]

    content {
      type = "fixed-response"

      fixed_response {
        content_type = "text/plain"
        message_body = "Not found"
        status_code  = "404"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count = var.https ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = var.ssl_policy
  certificate_arn   = var.certificate_arn

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "Not found"
      status_code  = "404"
    }
  }
}
