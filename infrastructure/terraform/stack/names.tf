locals {
  # Names under which the environment is reached, the first one being its own.
  domains = var.dns == null ? [] : concat([var.dns.domain], var.dns.alternative_names)

  brings_certificate = try(var.load_balancer.certificate_arn, null) != null
  https              = var.load_balancer != null && (local.brings_certificate || var.dns != null)

  urls = [
    for name in coalescelist(local.domains, module.cdn[*].dns_name, module.load_balancer[*].dns_name, [""]) :
    "${var.cdn != null || local.https ? "https" : "http"}://${name}" if name != ""
  ]

  # What the names point at.
  front = (
    var.cdn != null ? { dns_name = module.cdn[0].dns_name, zone_id = module.cdn[0].zone_id } :
    var.load_balancer != null ? { dns_name = module.load_balancer[0].dns_name, zone_id = module.load_balancer[0].zone_id } :
    null
  )
}

module "dns" {
  source = "../modules/dns"
  count  = var.dns == null ? 0 : 1

  zone        = var.dns.zone
  create_zone = var.dns.create_zone
  names       = local.domains
  target      = local.front
}

module "certificate" {
  source = "../modules/certificate"
  count  = local.https && !local.brings_certificate ? 1 : 0

  names   = local.domains
  zone_id = module.dns[0].zone_id
}

module "access_logs" {
  source = "../modules/access_logs"
  count  = try(var.load_balancer.access_logs, null) == null ? 0 : 1

  bucket         = "${local.name}-access-logs-${data.aws_caller_identity.this.account_id}"
  retention_days = var.load_balancer.access_logs.retention_days
}
