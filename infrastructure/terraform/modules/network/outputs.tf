output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "zones" {
  description = "Availability zones in use."
  value       = local.zones
}

output "public_subnet_ids" {
  description = "Subnets of load balancers, by zone order."
  value       = [for zone in local.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "Subnets of tasks, by zone order."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "database_subnet_ids" {
  description = "Subnets of databases and caches: the database tier, or the private one where there is none."
  value       = [for zone in local.zones : try(aws_subnet.database[zone].id, aws_subnet.private[zone].id)]
}

output "nat_gateway_ids" {
  description = "NAT gateways, by zone."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
}

output "nat_public_ips" {
  description = "Addresses from which private subnets reach the internet."
  value       = [for address in aws_eip.nat : address.public_ip]
}
