# An alias of a load balancer or a distribution costs nothing and follows its addresses.

resource "aws_route53_zone" "this" {
  #checkov:skip=CKV2_AWS_38:DNSSEC needs a record at the parent, which its owner makes
  #checkov:skip=CKV2_AWS_39:what is asked of the zone is public
  count = var.create_zone ? 1 : 0

  name    = var.zone
  comment = "Made by Slipway"
}

data "aws_route53_zone" "this" {
  count = var.create_zone ? 0 : 1

  name = var.zone
}

locals {
  zone_id = var.create_zone ? aws_route53_zone.this[0].zone_id : data.aws_route53_zone.this[0].zone_id

  records = merge([
    for type in ["A", "AAAA"] : { for name in var.names : "${name}/${type}" => { name = name, type = type } }
  ]...)
}

resource "aws_route53_record" "alias" {
  for_each = var.target == null ? {} : local.records

  zone_id = local.zone_id
  name    = each.value.name
  type    = each.value.type

  alias {
    name                   = var.target.dns_name
    zone_id                = var.target.zone_id
    evaluate_target_health = false
  }
}
