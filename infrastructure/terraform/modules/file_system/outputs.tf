output "id" {
  description = "Id of the file system."
  value       = aws_efs_file_system.this.id
}

output "arn" {
  description = "ARN of the file system."
  value       = aws_efs_file_system.this.arn
}

output "access_point" {
  description = "Access point that tasks mount: id and ARN."
  value       = { id = aws_efs_access_point.this.id, arn = aws_efs_access_point.this.arn }

  # Tasks can mount only once there is a target in their zone.
  depends_on = [aws_efs_mount_target.this]
}
