output "names" {
  description = "Names of the dashboards, by key."
  value       = { for key, dashboard in aws_cloudwatch_dashboard.this : key => dashboard.dashboard_name }
}
