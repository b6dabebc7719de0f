output "names" {
  description = "Names of the alarms in CloudWatch, by key."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.alarm_name }
}

output "arns" {
  description = "ARNs of the alarms, by key."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.arn }
}

output "topic_arns" {
  description = "SNS topics, by severity."
  value       = { for severity, topic in aws_sns_topic.this : severity => topic.arn }
}
