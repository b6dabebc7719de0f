locals {
  major_version = split(".", var.engine_version)[0]
  port          = 6379
}

resource "aws_kms_key" "this" {
  #checkov:skip=CKV2_AWS_64:without a policy, AWS gives a key the default one: IAM of this account decides
  description             = "Redis ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}-cache"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_elasticache_subnet_group" "this" {
  name        = var.name
  description = "Subnets of ${var.name}"
  subnet_ids  = var.subnet_ids
}

resource "aws_elasticache_parameter_group" "this" {
  name        = "${var.name}-redis${local.major_version}"
  family      = local.major_version == "6" ? "redis6.x" : "redis${local.major_version}"
  description = "Redis ${local.major_version} of ${var.name}"

  parameter {
    name  = "maxmemory-policy"
    value = var.max_memory_policy
  }

  dynamic "parameter" {
    for_each = var.cluster_mode ? { cluster-enabled = "yes" } : {}

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id = var.name
  description          = "Redis of ${var.name}"
  engine               = "redis"
  engine_version       = var.engine_version
  node_type            = var.node_type
  port                 = local.port

  num_cache_clusters      = var.cluster_mode ? null : var.replicas + 1
  num_node_groups         = var.cluster_mode ? var.shards : null
  replicas_per_node_group = var.cluster_mode ? var.replicas : null

  automatic_failover_enabled = var.automatic_failover
  multi_az_enabled           = var.automatic_failover && var.replicas > 0

  parameter_group_name = aws_elasticache_parameter_group.this.name
  subnet_group_name    = aws_elasticache_subnet_group.this.name
  security_group_ids   = [var.security_group_id]
  user_group_ids       = [aws_elasticache_user_group.this.id]

  transit_encryption_enabled = true
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.this.arn

  snapshot_retention_limit = var.snapshot_retention_days
  maintenance_window       = var.maintenance_window
  apply_immediately        = true
}
