output "function_arn" {
  description = "ARN of the function that starts exports."
  value       = module.function.arn
}

output "schedule_arn" {
  description = "ARN of the weekly schedule."
  value       = aws_scheduler_schedule.this.arn
}
