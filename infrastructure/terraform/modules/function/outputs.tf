output "arn" {
  description = "ARN of the function."
  value       = aws_cloudformation_stack.this.outputs["Arn"]
}

output "name" {
  description = "Name of the function."
  value       = var.name
}
