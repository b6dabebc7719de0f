output "id" {
  description = "Id of the REST API."
  value       = aws_api_gateway_rest_api.this.id
}

output "url" {
  description = "Where it answers."
  value       = aws_api_gateway_stage.this.invoke_url
}

output "stage_arn" {
  description = "ARN of the stage, for a firewall before it."
  value       = aws_api_gateway_stage.this.arn
}

output "usage_plan_ids" {
  description = "Ids of the usage plans, by tier."
  value       = { for tier, plan in aws_api_gateway_usage_plan.this : tier => plan.id }
}
