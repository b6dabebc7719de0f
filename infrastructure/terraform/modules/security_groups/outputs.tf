output "load_balancer_id" {
  description = "Group of the load balancer; null without one."
  value       = one(aws_security_group.load_balancer[*].id)
}

output "service_ids" {
  description = "Groups of the services' tasks, by service."
  value       = { for name, group in aws_security_group.service : name => group.id }
}

output "database_id" {
  description = "Group of the database; null without one."
  value       = one(aws_security_group.database[*].id)
}

output "cache_id" {
  description = "Group of Redis; null without one."
  value       = one(aws_security_group.cache[*].id)
}

output "file_system_id" {
  description = "Group of the shared files; null without them."
  value       = one(aws_security_group.file_system[*].id)
}
