output "name" {
  description = "Name of the cluster. Instances join it by its name before it knows their capacity provider."
  value       = aws_ecs_cluster.this.name
}

output "arn" {
  description = "ARN of the cluster, once it has its capacity providers."
  value       = aws_ecs_cluster.this.arn

  # Services with a capacity provider strategy need the cluster's providers first.
  depends_on = [aws_ecs_cluster_capacity_providers.this]
}
