output "name" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name

  # Services with a capacity provider strategy need the cluster's providers first.
  depends_on = [aws_ecs_cluster_capacity_providers.this]
}

output "arn" {
  description = "ARN of the cluster."
  value       = aws_ecs_cluster.this.arn
}
