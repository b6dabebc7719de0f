mock_provider "aws" {}

variables {
  name = "shop-staging"
}

run "both_kinds_of_fargate_are_there" {
  command = plan

  assert {
    condition     = aws_ecs_cluster_capacity_providers.this.capacity_providers == toset(["FARGATE", "FARGATE_SPOT"])
    error_message = "Services choose between Fargate and Fargate Spot."
  }
}

run "instances_come_beside_fargate" {
  command = plan

  variables {
    capacity_providers = ["shop-staging"]
  }

  assert {
    condition     = aws_ecs_cluster_capacity_providers.this.capacity_providers == toset(["FARGATE", "FARGATE_SPOT", "shop-staging"])
    error_message = "A capacity provider over instances is associated with the cluster."
  }
}

run "container_insights_are_on_unless_switched_off" {
  command = plan

  assert {
    condition     = one(aws_ecs_cluster.this.setting).name == "containerInsights" && one(aws_ecs_cluster.this.setting).value == "enabled"
    error_message = "Container Insights are on."
  }
}

run "container_insights_can_be_switched_off" {
  command = plan

  variables {
    container_insights = false
  }

  assert {
    condition     = one(aws_ecs_cluster.this.setting).value == "disabled"
    error_message = "Container Insights are off."
  }
}
