output "arns" {
  description = "ARNs of the roles, by role (developer, admin)."
  value       = { for role, made in aws_iam_role.this : role => made.arn }
}
