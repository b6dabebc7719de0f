output "identifier" {
  description = "Identifier of the instance, as in CloudWatch's dimensions."
  value       = aws_db_instance.this.identifier
}

output "arn" {
  description = "ARN of the instance."
  value       = aws_db_instance.this.arn
}

output "address" {
  description = "Host name."
  value       = aws_db_instance.this.address
}

output "reader_addresses" {
  description = "Host names of the read replicas."
  value       = [for replica in aws_db_instance.replica : replica.address]
}

output "kms_key_arn" {
  description = "Key of the storage, backups and Performance Insights."
  value       = aws_kms_key.this.arn
}

output "master_secret_arn" {
  description = "Secret that holds the master user's password; known once the password is stored."
  value       = module.password.secret_arn
}

output "port" {
  description = "Port."
  value       = aws_db_instance.this.port
}

output "database_name" {
  description = "Name of the database."
  value       = aws_db_instance.this.db_name
}

output "username" {
  description = "Name of the master user."
  value       = aws_db_instance.this.username
}

output "password_generation" {
  description = "Generation of the master password."
  value       = var.password_generation
}
