output "function_arn" {
  description = "ARN of the function that rotates."
  value       = module.function.arn
}
