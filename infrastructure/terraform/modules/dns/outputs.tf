output "zone_id" {
  description = "Id of the hosted zone."
  value       = local.zone_id
}

output "name_servers" {
  description = "Name servers that the zone must be delegated to."
  value       = var.create_zone ? aws_route53_zone.this[0].name_servers : data.aws_route53_zone.this[0].name_servers
}
