output "groups" {
  description = "Log groups, by key: name and ARN."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => { name = group.name, arn = group.arn } }
}
