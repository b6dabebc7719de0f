# Replicas take engine, credentials, storage and encryption from their source, and its parameters so that TLS is
# forced on them too.
resource "aws_db_instance" "replica" {
  #checkov:skip=CKV_AWS_157:a replica is the spare; the standby is the source's
  #checkov:skip=CKV_AWS_293:a replica holds nothing that its source has not
  #checkov:skip=CKV_AWS_161:applications sign in by password; a way in that nobody uses stays shut
  #checkov:skip=CKV_AWS_226:as its source
  #checkov:skip=CKV_AWS_133:the source is backed up
  count = var.read_replicas

  identifier          = "${var.name}-replica-${count.index + 1}"
  replicate_source_db = aws_db_instance.this.identifier
  instance_class      = var.instance_class
  port                = local.port

  vpc_security_group_ids = [var.security_group_id]
  parameter_group_name   = aws_db_parameter_group.this.name

  storage_type          = var.storage.type
  iops                  = var.storage.iops
  max_allocated_storage = var.storage.max_gib
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.this.arn

  maintenance_window              = var.maintenance_window
  apply_immediately               = var.apply_immediately
  auto_minor_version_upgrade      = !strcontains(var.engine_version, ".")
  copy_tags_to_snapshot           = true
  skip_final_snapshot             = true
  enabled_cloudwatch_logs_exports = var.log_exports

  monitoring_interval = var.enhanced_monitoring_seconds
  monitoring_role_arn = one(aws_iam_role.monitoring[*].arn)

  performance_insights_enabled          = var.performance_insights
  performance_insights_kms_key_id       = var.performance_insights ? aws_kms_key.this.arn : null
  performance_insights_retention_period = var.performance_insights ? 7 : null

  depends_on = [aws_cloudwatch_log_group.replica, aws_iam_role_policy_attachment.monitoring]
}

resource "aws_cloudwatch_log_group" "replica" {
  for_each = { for pair in setproduct(range(var.read_replicas), var.log_exports) : "${pair[0] + 1}-${pair[1]}" => { number = pair[0] + 1, log = pair[1] } }

  name              = "/aws/rds/instance/${var.name}-replica-${each.value.number}/${each.value.log}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
}
