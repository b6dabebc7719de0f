output "vault_name" {
  description = "Vault of the backups."
  value       = aws_backup_vault.this.name
}

output "copy_vault_arn" {
  description = "Vault of the copies, in the second region."
  value       = aws_backup_vault.copy.arn
}

output "plan_id" {
  description = "Id of the backup plan."
  value       = aws_backup_plan.this.id
}
