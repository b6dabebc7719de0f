output "secret_arn" {
  description = "ARN of the secret; known once the password is stored."
  value       = aws_secretsmanager_secret_version.this.arn
}

output "version_id" {
  description = "Version of the secret that this generation wrote."
  value       = aws_secretsmanager_secret_version.this.version_id
}

output "value" {
  description = "The password, for write-only arguments."
  value       = ephemeral.aws_secretsmanager_secret_version.this.secret_string
  ephemeral   = true
}
