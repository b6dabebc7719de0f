output "service_name" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "service_arn" {
  description = "ARN of the service."
  value       = aws_ecs_service.this.id
}

output "task_template" {
  description = "What the release controller completes with images and registers: a task definition without images, in the names of Terraform outside and of the ECS API inside container_definitions and volumes."
  value = {
    family                   = local.family
    cpu                      = tostring(var.task.cpu_units)
    memory                   = tostring(var.task.memory_mib)
    ephemeral_storage_gib    = var.task.ephemeral_storage_gib
    network_mode             = "awsvpc"
    requires_compatibilities = [var.capacity.compatibility]
    execution_role_arn       = aws_iam_role.execution.arn
    task_role_arn            = aws_iam_role.task.arn
    runtime_platform         = { operating_system_family = "LINUX", cpu_architecture = var.task.cpu_architecture }
    container_definitions    = local.container_definitions
    volumes = var.file_system == null ? [] : [{
      name = local.shared_volume
      efsVolumeConfiguration = {
        fileSystemId        = var.file_system.id
        transitEncryption   = "ENABLED"
        authorizationConfig = { accessPointId = var.file_system.access_point.id, iam = "ENABLED" }
      }
    }]
  }
}

output "capacity_providers" {
  description = "Weights of the capacity providers, by name."
  value       = { for provider in aws_ecs_service.this.capacity_provider_strategy : provider.capacity_provider => provider.weight }
}

output "scalable_target" {
  description = "What the release controller resumes after the first release: resource id in Application Auto Scaling, and the bounds by day; null for a fixed count."
  value       = one([for target in aws_appautoscaling_target.this : { resource_id = target.resource_id, min = local.bounds.min, max = local.bounds.max }])
}

output "target_group_arn" {
  description = "Target group; null without routing."
  value       = one(aws_lb_target_group.this[*].arn)
}

output "load_balancer" {
  description = "Where traffic goes, which the release controller sets when it changes: target group, container and port; null without routing."
  value = var.routing == null ? null : {
    target_group_arn = aws_lb_target_group.this[0].arn
    container_name   = var.routing.container
    container_port   = var.routing.port
  }
}

output "target_group_arn_suffix" {
  description = "The target group's name in CloudWatch's dimensions; null without routing."
  value       = one(aws_lb_target_group.this[*].arn_suffix)
}

output "listener_rule_arn" {
  description = "Listener rule whose weights the release controller sets; null without routing."
  value       = one(aws_lb_listener_rule.this[*].arn)
}
