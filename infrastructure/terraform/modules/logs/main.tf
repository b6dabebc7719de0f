resource "aws_cloudwatch_log_group" "this" {
  for_each = var.names

  name              = each.value
  retention_in_days = var.retention_days
  kms_key_id        = one(aws_kms_key.this[*].arn)
}
