output "groups" {
  description = "Log groups, by key: name and ARN."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => { name = group.name, arn = group.arn } }
}

output "kms_key_arn" {
  description = "Key of the groups, for other groups of the environment too; null: CloudWatch's own encryption."
  value       = one(aws_kms_key.this[*].arn)
}
