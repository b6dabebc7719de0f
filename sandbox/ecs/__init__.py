"""The ECS scheduler that moto lacks: services, deployments, tasks that really run."""
