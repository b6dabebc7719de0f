resource "aws_acm_certificate" "this" {
  domain_name               = var.names[0]
  subject_alternative_names = slice(var.names, 1, length(var.names))
  validation_method         = "DNS"

  # A listener uses the old one until the new one is there.
  lifecycle {
    create_before_destroy = true
  }
}

locals {
  options = {
    for option in aws_acm_certificate.this.domain_validation_options : trimprefix(option.domain_name, "*.") => option...
  }
}

# A name and its wildcard are validated by one and the same record. Keys are known before the certificate is made.
resource "aws_route53_record" "validation" {
  for_each = toset([for name in var.names : trimprefix(name, "*.")])

  zone_id         = var.zone_id
  name            = local.options[each.key][0].resource_record_name
  type            = local.options[each.key][0].resource_record_type
  records         = [local.options[each.key][0].resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}
