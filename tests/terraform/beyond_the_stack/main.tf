# What the reference systems name beyond the bundled stack: content delivery, names and certificates, users, an API
# gateway, the audit trail, files, rotation, service discovery, backups, budgets, rules of events.
terraform {
  backend "s3" {}

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = { system = "everything-else", environment = "production" }
  }
}

variable "generation" {
  description = "Counting up changes everything that may change."
  type        = number
}

locals {
  first = var.generation == 1
  assume = { for service in ["lambda", "backup", "cloudtrail", "events"] : service => jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "${service}.amazonaws.com" } }]
  }) }
}

# -- names, certificates, content delivery

resource "aws_route53_zone" "this" {
  name = "example.test"
}

resource "aws_acm_certificate" "this" {
  domain_name       = "www.example.test"
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each = { for option in aws_acm_certificate.this.domain_validation_options : option.domain_name => option }

  zone_id = aws_route53_zone.this.zone_id
  name    = each.value.resource_record_name
  type    = each.value.resource_record_type
  records = [each.value.resource_record_value]
  ttl     = 60
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

resource "aws_s3_bucket" "site" {
  bucket        = "everything-else-site"
  force_destroy = true
}

resource "aws_cloudfront_origin_access_control" "site" {
  name                              = "site"
  description                       = local.first ? "the site" : "the site, signed"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "site" {
  enabled             = true
  default_root_object = "index.html"
  aliases             = ["www.example.test"]
  price_class         = local.first ? "PriceClass_100" : "PriceClass_200"
  comment             = "site"

  origin {
    origin_id                = "site"
    domain_name              = aws_s3_bucket.site.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.site.id
  }

  default_cache_behavior {
    target_origin_id       = "site"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.this.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}

resource "aws_route53_record" "site" {
  zone_id = aws_route53_zone.this.zone_id
  name    = "www"
  type    = "A"

  alias {
    name                   = aws_cloudfront_distribution.site.domain_name
    zone_id                = aws_cloudfront_distribution.site.hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_health_check" "site" {
  fqdn              = "www.example.test"
  type              = "HTTPS"
  port              = 443
  resource_path     = "/"
  request_interval  = 30
  failure_threshold = local.first ? 3 : 5
}

# -- users and an API

resource "aws_cognito_user_pool" "this" {
  name              = "users"
  mfa_configuration = "OFF"

  password_policy {
    minimum_length                   = local.first ? 12 : 14
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = true
    require_uppercase                = true
    temporary_password_validity_days = 7
  }
}

resource "aws_cognito_user_pool_client" "this" {
  name                = "web"
  user_pool_id        = aws_cognito_user_pool.this.id
  explicit_auth_flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
}

resource "aws_api_gateway_rest_api" "this" {
  name        = "shows"
  description = local.first ? "shows" : "shows and episodes"
}

resource "aws_api_gateway_resource" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "shows"
}

resource "aws_api_gateway_method" "this" {
  rest_api_id      = aws_api_gateway_rest_api.this.id
  resource_id      = aws_api_gateway_resource.this.id
  http_method      = "GET"
  authorization    = "NONE"
  api_key_required = true
}

resource "aws_api_gateway_integration" "this" {
  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.this.id
  http_method             = aws_api_gateway_method.this.http_method
  type                    = "HTTP_PROXY"
  integration_http_method = "GET"
  uri                     = "https://api.example.test/shows"
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  depends_on  = [aws_api_gateway_integration.this]
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id   = aws_api_gateway_rest_api.this.id
  deployment_id = aws_api_gateway_deployment.this.id
  stage_name    = "production"
}

resource "aws_api_gateway_usage_plan" "this" {
  name = "partners"

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  throttle_settings {
    rate_limit  = local.first ? 10 : 20
    burst_limit = 20
  }
}

resource "aws_api_gateway_api_key" "this" {
  name = "partner"
}

resource "aws_api_gateway_usage_plan_key" "this" {
  key_id        = aws_api_gateway_api_key.this.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.this.id
}

# -- audit, detection, backups, budgets

resource "aws_s3_bucket" "trail" {
  bucket        = "everything-else-trail"
  force_destroy = true
}

resource "aws_s3_bucket_policy" "trail" {
  bucket = aws_s3_bucket.trail.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "s3:GetBucketAcl", Resource = aws_s3_bucket.trail.arn },
      { Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "s3:PutObject", Resource = "${aws_s3_bucket.trail.arn}/*" },
    ]
  })
}

resource "aws_cloudtrail" "this" {
  name                          = "audit"
  s3_bucket_name                = aws_s3_bucket.trail.id
  include_global_service_events = true
  is_multi_region_trail         = !local.first
  enable_log_file_validation    = true

  depends_on = [aws_s3_bucket_policy.trail]
}

resource "aws_guardduty_detector" "this" {
  enable                       = true
  finding_publishing_frequency = local.first ? "SIX_HOURS" : "ONE_HOUR"
}

resource "aws_backup_vault" "this" {
  name = "vault"
}

resource "aws_backup_plan" "this" {
  name = "daily"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(0 3 * * ? *)"

    lifecycle {
      delete_after = local.first ? 30 : 35
    }
  }
}

resource "aws_budgets_budget" "this" {
  name         = "monthly"
  budget_type  = "COST"
  limit_amount = local.first ? "200" : "300"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    notification_type          = "ACTUAL"
    subscriber_email_addresses = ["team@example.test"]
  }
}

# -- state lock, files, names inside the network

resource "aws_dynamodb_table" "lock" {
  name         = "terraform-lock"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"

  attribute {
    name = "LockID"
    type = "S"
  }

  point_in_time_recovery {
    enabled = !local.first
  }
}

resource "aws_vpc" "this" {
  cidr_block = "10.9.0.0/16"
}

resource "aws_subnet" "this" {
  vpc_id            = aws_vpc.this.id
  cidr_block        = "10.9.1.0/24"
  availability_zone = "us-east-1a"
}

resource "aws_network_acl" "this" {
  vpc_id     = aws_vpc.this.id
  subnet_ids = [aws_subnet.this.id]

  ingress {
    rule_no    = 100
    protocol   = "tcp"
    action     = "allow"
    cidr_block = "10.9.0.0/16"
    from_port  = 443
    to_port    = local.first ? 443 : 444
  }
}

resource "aws_efs_file_system" "this" {
  encrypted       = true
  throughput_mode = "bursting"

  lifecycle_policy {
    transition_to_ia = local.first ? "AFTER_30_DAYS" : "AFTER_60_DAYS"
  }
}

resource "aws_efs_mount_target" "this" {
  file_system_id = aws_efs_file_system.this.id
  subnet_id      = aws_subnet.this.id
}

resource "aws_efs_backup_policy" "this" {
  file_system_id = aws_efs_file_system.this.id

  backup_policy {
    status = "ENABLED"
  }
}

resource "aws_service_discovery_private_dns_namespace" "this" {
  name = "internal.test"
  vpc  = aws_vpc.this.id
}

resource "aws_service_discovery_service" "this" {
  name = "backend"

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.this.id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = local.first ? 10 : 20
    }
  }
}

# -- functions, rotation, events

resource "aws_iam_role" "function" {
  name               = "rotation"
  assume_role_policy = local.assume["lambda"]
}

resource "aws_lambda_function" "rotation" {
  function_name = "rotation"
  role          = aws_iam_role.function.arn
  runtime       = "python3.12"
  handler       = "index.handler"
  filename      = "function.zip"
  timeout       = local.first ? 30 : 60
}

resource "aws_lambda_permission" "rotation" {
  statement_id  = "rotation"
  function_name = aws_lambda_function.rotation.function_name
  action        = "lambda:InvokeFunction"
  principal     = "secretsmanager.amazonaws.com"
}

resource "aws_sqs_queue" "events" {
  name                      = "events"
  message_retention_seconds = local.first ? 86400 : 172800
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "nightly"
  schedule_expression = local.first ? "cron(0 2 * * ? *)" : "cron(0 3 * * ? *)"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule      = aws_cloudwatch_event_rule.nightly.name
  target_id = "queue"
  arn       = aws_sqs_queue.events.arn
}

# -- logs and alarms beyond the stack's

resource "aws_cloudwatch_log_group" "this" {
  name              = "/everything/else"
  retention_in_days = local.first ? 30 : 60
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = local.first ? "{ $.level = \"error\" }" : "{ $.level = \"fatal\" }"

  metric_transformation {
    name      = "Errors"
    namespace = "EverythingElse"
    value     = "1"
  }
}

resource "aws_cloudwatch_query_definition" "errors" {
  name            = "errors"
  log_group_names = [aws_cloudwatch_log_group.this.name]
  query_string    = local.first ? "fields @message" : "fields @timestamp, @message"
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 3
  threshold           = local.first ? 5 : 10

  metric_query {
    id          = "rate"
    expression  = "100 * errors / requests"
    label       = "error rate"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "EverythingElse"
      metric_name = "Errors"
      period      = 60
      stat        = "Sum"
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "EverythingElse"
      metric_name = "Requests"
      period      = 60
      stat        = "Sum"
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "page" {
  alarm_name        = "page"
  alarm_description = local.first ? "pages" : "pages somebody"
  alarm_rule        = "ALARM(\"${aws_cloudwatch_metric_alarm.errors.alarm_name}\")"
}

resource "aws_xray_group" "slow" {
  group_name        = "slow"
  filter_expression = local.first ? "responsetime > 5" : "responsetime > 3"
}

# -- images elsewhere, people and pipelines

resource "aws_ecr_replication_configuration" "this" {
  replication_configuration {
    rule {
      destination {
        region      = local.first ? "us-west-2" : "eu-west-1"
        registry_id = "123456789012"
      }
    }
  }
}

resource "aws_iam_openid_connect_provider" "pipelines" {
  url             = "https://token.actions.githubusercontent.com"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["6938fd4d98bab03faadb97b34396831e3780aea1"]
}

resource "aws_iam_policy" "developer" {
  name = "developer"

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = local.first ? ["logs:Get*"] : ["logs:Get*", "ecs:Describe*"], Resource = "*" }]
  })
}

resource "aws_iam_role" "developer" {
  name = "developer"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "arn:aws:iam::123456789012:root" } }]
  })
}

resource "aws_iam_role_policy_attachment" "developer" {
  role       = aws_iam_role.developer.name
  policy_arn = aws_iam_policy.developer.arn
}
