module "cdn_certificate" {
  source    = "../modules/certificate"
  count     = var.cdn != null && var.dns != null ? 1 : 0
  providers = { aws = aws.us_east_1 }

  names   = local.domains
  zone_id = module.dns[0].zone_id
}

module "cdn" {
  source = "../modules/cdn"
  count  = var.cdn == null ? 0 : 1

  name                = local.name
  names               = local.domains
  https               = var.dns != null
  certificate_arn     = one(module.cdn_certificate[*].arn)
  price_class         = var.cdn.price_class
  default_ttl_seconds = var.cdn.default_ttl_seconds
  compress            = var.cdn.compress
  static_paths        = var.cdn.static_paths
  web_acl_arn         = one(module.waf_at_cdn[*].arn)
  additional_metrics  = contains([for alarm in var.alarms : alarm.metric], "cdn_hit_ratio_percent")
  balancer            = var.load_balancer == null ? null : { dns_name = module.load_balancer[0].dns_name, https = local.https }
  bucket = var.cdn.static_bucket == null ? null : {
    regional_domain_name = module.storage.origins[var.cdn.static_bucket]
  }
}

# With a CDN "everybody" is everybody through it; narrower ranges may still connect to the load balancer itself.
locals {
  direct_cidrs = var.load_balancer == null ? [] : [
    for cidr in var.load_balancer.allowed_cidrs : cidr if var.cdn == null || cidr != "0.0.0.0/0"
  ]
}

data "aws_ec2_managed_prefix_list" "cdn" {
  count = var.cdn == null ? 0 : 1

  name = "com.amazonaws.global.cloudfront.origin-facing"
}

module "waf_at_cdn" {
  source    = "../modules/waf"
  count     = try(var.waf.attach_to, null) == "cdn" ? 1 : 0
  providers = { aws = aws.us_east_1 }

  name                = local.name
  scope               = "CLOUDFRONT"
  rate_limit          = var.waf.rate_limit
  rate_window_seconds = var.waf.rate_window_seconds
  managed_rule_groups = var.waf.managed_rule_groups
  blocked_countries   = var.waf.blocked_countries
  allowed_countries   = var.waf.allowed_countries
  log_retention_days  = var.waf.log_retention_days
}

locals {
  edge_metrics = merge(
    {
      cdn_hit_ratio_percent  = { namespace = "AWS/CloudFront", name = "CacheHitRate", statistic = "Average", dimensions = local.cdn_dimensions }
      cdn_error_rate_percent = { namespace = "AWS/CloudFront", name = "5xxErrorRate", statistic = "Average", dimensions = local.cdn_dimensions }
    },
    try(var.waf.attach_to, null) != "cdn" ? {} : {
      waf_blocked_requests = { namespace = "AWS/WAFV2", name = "BlockedRequests", statistic = "Sum", dimensions = { WebACL = local.name, Rule = "ALL" } }
    },
  )
  # Firewalls at the CDN report without a region.
  waf_region     = try(var.waf.attach_to, null) == "cdn" ? [] : ["Region", var.region]
  cdn_dimensions = { DistributionId = try(module.cdn[0].id, ""), Region = "Global" }

  edge_alarms = {
    for name, alarm in var.alarms : name => merge(alarm, { is = local.edge_metrics[alarm.metric] }) if contains(local.at_the_edge, alarm.metric)
  }
  # Which alarms, without a look at what is only known once the distribution is made.
  at_the_edge = concat(["cdn_hit_ratio_percent", "cdn_error_rate_percent"], try(var.waf.attach_to, null) == "cdn" ? ["waf_blocked_requests"] : [])
}

# An alarm tells topics of its own region only, and these metrics are in us-east-1.
module "edge_alarms" {
  source    = "../modules/alarms"
  count     = length(local.edge_alarms) > 0 ? 1 : 0
  providers = { aws = aws.us_east_1 }

  prefix = "${local.name}-edge"
  alarms = {
    for name, alarm in local.edge_alarms : name => {
      description         = alarm.description
      severity            = alarm.severity
      namespace           = alarm.is.namespace
      metric_name         = alarm.is.name
      statistic           = alarm.is.statistic
      dimensions          = alarm.is.dimensions
      above               = alarm.comparison == "above"
      threshold           = alarm.threshold
      period_seconds      = alarm.period_seconds
      evaluation_periods  = alarm.evaluation_periods
      datapoints_to_alarm = alarm.datapoints_to_alarm
      missing_data        = alarm.missing_data
    }
  }
  subscriptions = [
    for route in var.alert_routes : { severity = route.severity, protocol = route.channel, endpoint = route.target }
    if contains([for alarm in local.edge_alarms : alarm.severity], route.severity)
  ]
}
