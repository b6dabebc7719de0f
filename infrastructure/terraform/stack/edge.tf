# CloudFront's certificate, firewall and metrics are in us-east-1, wherever the environment is.

locals {
  metrics_of_cdn = { for name, alarm in var.alarms : name => alarm.metric if startswith(alarm.metric, "cdn_") }
  waf_at_cdn     = try(var.waf.attach_to, null) == "cdn"

  # With a CDN "everybody" is everybody through it; narrower ranges may still connect to the load balancer itself.
  direct_cidrs = var.load_balancer == null ? [] : [
    for cidr in var.load_balancer.allowed_cidrs : cidr if var.cdn == null || cidr != "0.0.0.0/0"
  ]
}

data "aws_ec2_managed_prefix_list" "cdn" {
  count = var.cdn == null ? 0 : 1

  name = "com.amazonaws.global.cloudfront.origin-facing"
}

module "cdn_certificate" {
  source    = "../modules/certificate"
  count     = var.cdn != null && var.dns != null ? 1 : 0
  providers = { aws = aws.us_east_1 }

  names   = local.domains
  zone_id = module.dns[0].zone_id
}

module "cdn_waf" {
  source    = "../modules/waf"
  count     = local.waf_at_cdn ? 1 : 0
  providers = { aws = aws.us_east_1 }

  name                = "${local.name}-cdn"
  scope               = "CLOUDFRONT"
  rate_limit          = var.waf.rate_limit
  rate_window_seconds = var.waf.rate_window_seconds
  managed_rule_groups = var.waf.managed_rule_groups
  blocked_countries   = var.waf.blocked_countries
  allowed_countries   = var.waf.allowed_countries
  log_retention_days  = var.waf.log_retention_days
}

module "cdn" {
  source = "../modules/cdn"
  count  = var.cdn == null ? 0 : 1

  name            = local.name
  names           = local.domains
  certificate_arn = one(module.cdn_certificate[*].arn)
  load_balancer = var.load_balancer == null ? null : {
    dns_name             = module.load_balancer[0].dns_name
    https                = local.https
    idle_timeout_seconds = var.load_balancer.idle_timeout_seconds
  }
  static              = var.cdn.static_bucket == null ? null : { domain_name = module.storage.buckets[var.cdn.static_bucket].domain_name }
  static_paths        = var.cdn.static_paths
  default_ttl_seconds = var.cdn.default_ttl_seconds
  compress            = var.cdn.compress
  price_class         = var.cdn.price_class
  web_acl_arn         = one(module.cdn_waf[*].arn)
  additional_metrics  = contains(values(local.metrics_of_cdn), "cdn_hit_ratio_percent")
}

# An alarm publishes to topics of its own region only.
module "cdn_alarms" {
  source    = "../modules/alarms"
  count     = length(local.edge_alarms) > 0 ? 1 : 0
  providers = { aws = aws.us_east_1 }

  prefix = "${local.name}-cdn"
  alarms = local.edge_alarms
  subscriptions = [
    for route in local.subscriptions : route if contains([for alarm in local.edge_alarms : alarm.severity], route.severity)
  ]
}
