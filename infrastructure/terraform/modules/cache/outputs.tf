output "replication_group_id" {
  description = "Id of the replication group."
  value       = aws_elasticache_replication_group.this.id
}

output "arn" {
  description = "ARN of the replication group."
  value       = aws_elasticache_replication_group.this.arn
}

output "address" {
  description = "Host name: the configuration endpoint in cluster mode, else the primary's."
  value = (
    var.cluster_mode
    ? aws_elasticache_replication_group.this.configuration_endpoint_address
    : aws_elasticache_replication_group.this.primary_endpoint_address
  )
}

output "port" {
  description = "Port."
  value       = local.port
}

output "node_ids" {
  description = "Nodes, as in CloudWatch's dimension CacheClusterId."
  value       = aws_elasticache_replication_group.this.member_clusters
}

output "user" {
  description = "The user that applications sign in as: id, ARN and name."
  value = {
    id   = local.user_id
    arn  = replace(aws_elasticache_user.default.arn, aws_elasticache_user.default.user_id, local.user_id)
    name = local.user_name
  }
}

output "password_secret_arn" {
  description = "Secret that holds the user's password; known once the password is stored."
  value       = module.password.secret_arn
}

output "password_generation" {
  description = "Generation of the password."
  value       = var.password_generation
}
