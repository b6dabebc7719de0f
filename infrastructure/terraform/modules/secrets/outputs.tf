output "arns" {
  description = "ARNs of the entries, by key."
  value = merge(
    { for key, secret in aws_secretsmanager_secret.this : key => secret.arn },
    { for key, parameter in aws_ssm_parameter.secret : key => parameter.arn },
    { for key, parameter in aws_ssm_parameter.plain : key => parameter.arn },
  )
}
