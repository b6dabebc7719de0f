locals {
  # Services of one environment share its capacity. Weights are whole numbers.
  capacity = var.cluster.launch_type == "EC2" ? {
    compatibility = "EC2"
    providers     = { (module.ec2_capacity[0].capacity_provider_name) = 100 }
    } : {
    compatibility = "FARGATE"
    providers = {
      FARGATE      = 100 - var.cluster.fargate_spot_percent
      FARGATE_SPOT = var.cluster.fargate_spot_percent
    }
  }
}

module "cluster" {
  source = "../modules/ecs_cluster"

  name               = local.name
  container_insights = var.cluster.container_insights
  capacity_providers = module.ec2_capacity[*].capacity_provider_name
}

module "ec2_capacity" {
  source = "../modules/ec2_capacity"
  count  = var.cluster.launch_type == "EC2" ? 1 : 0

  name                    = local.name
  cluster_name            = module.cluster.name
  vpc_id                  = module.network.vpc_id
  subnet_ids              = module.network.private_subnet_ids
  instance_types          = var.cluster.ec2.instance_types
  cpu_architecture        = one(distinct([for service in var.services : service.cpu_architecture]))
  size                    = { min = var.cluster.ec2.min_instances, max = var.cluster.ec2.max_instances }
  on_demand_base          = var.cluster.ec2.on_demand_base
  spot_percent            = var.cluster.ec2.spot_percent
  target_capacity_percent = var.cluster.ec2.target_capacity_percent
  root_volume_gib         = var.cluster.ec2.root_volume_gib
  start                   = local.instances_start
}
