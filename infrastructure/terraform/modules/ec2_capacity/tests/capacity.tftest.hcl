mock_provider "aws" {
  mock_data "aws_default_tags" {
    defaults = { tags = { "slipway:system" = "radio" } }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/radio-instance" }
  }
  mock_resource "aws_autoscaling_group" {
    defaults = { arn = "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:1:autoScalingGroupName/radio" }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
  }
}

variables {
  name           = "radio"
  cluster_name   = "radio"
  vpc_id         = "vpc-1"
  subnet_ids     = ["subnet-1", "subnet-2"]
  instance_types = ["t3.medium", "t3a.medium"]
  size           = { min = 1, max = 3 }
  spot_percent   = 70
}

run "spot_and_on_demand_are_mixed_over_all_types" {
  command = plan

  assert {
    condition = (
      one(one(aws_autoscaling_group.this.mixed_instances_policy).instances_distribution).on_demand_percentage_above_base_capacity == 30
      && one(one(aws_autoscaling_group.this.mixed_instances_policy).instances_distribution).on_demand_base_capacity == 0
    )
    error_message = "70 % spot are 30 % on-demand above a base of 0."
  }
  assert {
    condition     = join(",", one(one(aws_autoscaling_group.this.mixed_instances_policy).launch_template).override[*].instance_type) == "t3.medium,t3a.medium"
    error_message = "Every instance type is offered, in its order."
  }
  assert {
    condition     = aws_autoscaling_group.this.capacity_rebalance
    error_message = "A spot instance that is about to be taken away is replaced first."
  }
}

run "only_ecs_ends_an_instance_and_drains_it_first" {
  command = plan

  assert {
    condition     = aws_autoscaling_group.this.protect_from_scale_in && one(aws_ecs_capacity_provider.this.auto_scaling_group_provider).managed_termination_protection == "ENABLED"
    error_message = "Managed termination protection needs protection from scale-in."
  }
  assert {
    condition     = one(aws_ecs_capacity_provider.this.auto_scaling_group_provider).managed_draining == "ENABLED"
    error_message = "Instances are drained before they end."
  }
  assert {
    condition     = one(one(aws_ecs_capacity_provider.this.auto_scaling_group_provider).managed_scaling).status == "ENABLED"
    error_message = "ECS scales the group."
  }
}

run "instances_are_closed" {
  command = plan

  assert {
    condition     = one(aws_launch_template.this.metadata_options).http_tokens == "required" && one(aws_launch_template.this.metadata_options).http_put_response_hop_limit == 1
    error_message = "IMDSv2 only, and not from a container's network."
  }
  assert {
    condition     = one(one(aws_launch_template.this.block_device_mappings).ebs).encrypted == "true"
    error_message = "The root volume is encrypted."
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "ECS_AWSVPC_BLOCK_IMDS=true")
    error_message = "Tasks do not see the instance's role."
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.instances.from_port == 443 && aws_vpc_security_group_egress_rule.instances.to_port == 443
    error_message = "Instances reach HTTPS only."
  }
}

run "instances_join_their_cluster_and_carry_the_tags" {
  command = plan

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "\nECS_CLUSTER=radio\n")
    error_message = "The agent is told its cluster."
  }
  assert {
    condition     = contains([for tag in aws_autoscaling_group.this.tag : "${tag.key}=${tag.value}" if tag.propagate_at_launch], "slipway:system=radio")
    error_message = "The provider's default tags are on the group and what it starts."
  }
}

run "the_image_follows_the_architecture" {
  command = plan

  variables {
    cpu_architecture = "ARM64"
    instance_types   = ["t4g.medium"]
  }

  assert {
    condition     = aws_launch_template.this.image_id == "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
    error_message = "ARM instances need ARM's image."
  }
}

run "without_a_schedule_the_minimum_always_runs" {
  command = plan

  assert {
    condition     = aws_autoscaling_group.this.min_size == 1 && length(aws_autoscaling_schedule.start) == 0
    error_message = "size.min is the group's minimum."
  }
}

run "with_a_schedule_no_instance_must_run_at_night" {
  command = plan

  variables {
    start = { recurrence = "0 7 * * MON-FRI", time_zone = "America/Sao_Paulo" }
  }

  assert {
    condition     = aws_autoscaling_group.this.min_size == 0
    error_message = "Managed scaling may end every instance."
  }
  assert {
    condition     = aws_autoscaling_schedule.start[0].desired_capacity == 1 && aws_autoscaling_schedule.start[0].recurrence == "0 7 * * MON-FRI" && aws_autoscaling_schedule.start[0].time_zone == "America/Sao_Paulo"
    error_message = "size.min instances start in the morning, in the schedule's time zone."
  }
  assert {
    condition     = aws_autoscaling_schedule.start[0].min_size == -1 && aws_autoscaling_schedule.start[0].max_size == -1
    error_message = "The bounds stay Terraform's."
  }
}

run "half_a_percent_of_spot_is_refused" {
  command = plan

  variables {
    spot_percent = 12.5
  }

  expect_failures = [var.spot_percent]
}
