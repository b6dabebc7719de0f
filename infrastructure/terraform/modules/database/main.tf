locals {
  major_version = split(".", var.engine_version)[0]
  port          = 5432
}

resource "aws_kms_key" "this" {
  #checkov:skip=CKV2_AWS_64:without a policy, AWS gives a key the default one: IAM of this account decides
  description             = "Database ${var.name}: storage, backups, Performance Insights"
  enable_key_rotation     = true
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}-database"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Subnets of ${var.name}"
  subnet_ids  = var.subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name        = "${var.name}-postgres${local.major_version}"
  family      = "postgres${local.major_version}"
  description = "PostgreSQL ${local.major_version} of ${var.name}: TLS is forced"

  dynamic "parameter" {
    for_each = merge(var.parameters, { "rds.force_ssl" = "1" })

    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = "pending-reboot"
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(var.log_exports)

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
}

# Snapshots outlive what they were taken of: the last one of each instance needs a name of its own.
resource "terraform_data" "made_at" {
  input = formatdate("YYYYMMDDhhmmss", timestamp())

  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_226:a version with its minor number is meant; the major number alone takes minor ones by itself
  #checkov:skip=CKV_AWS_161:applications sign in by password; a way in that nobody uses stays shut
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class
  db_name        = var.database_name
  port           = local.port

  username            = var.username
  password_wo         = module.password.value
  password_wo_version = var.password_generation

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [var.security_group_id]
  parameter_group_name   = aws_db_parameter_group.this.name
  multi_az               = var.multi_az

  storage_type          = var.storage.type
  iops                  = var.storage.iops
  allocated_storage     = var.storage.gib
  max_allocated_storage = var.storage.max_gib
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.this.arn

  backup_retention_period   = var.backup.retention_days
  backup_window             = var.backup.window
  maintenance_window        = var.maintenance_window
  copy_tags_to_snapshot     = true
  skip_final_snapshot       = !var.backup.final_snapshot
  final_snapshot_identifier = var.backup.final_snapshot ? "${var.name}-final-${terraform_data.made_at.output}" : null

  deletion_protection             = var.deletion_protection
  apply_immediately               = var.apply_immediately
  allow_major_version_upgrade     = true # by another engine_version, so by an approved plan only
  auto_minor_version_upgrade      = !strcontains(var.engine_version, ".")
  enabled_cloudwatch_logs_exports = var.log_exports

  monitoring_interval = var.enhanced_monitoring_seconds
  monitoring_role_arn = one(aws_iam_role.monitoring[*].arn)

  performance_insights_enabled          = var.performance_insights
  performance_insights_kms_key_id       = var.performance_insights ? aws_kms_key.this.arn : null
  performance_insights_retention_period = var.performance_insights ? 7 : null

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.monitoring]
}
