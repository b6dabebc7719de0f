output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "The load balancer's name in CloudWatch's dimensions."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "DNS name."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Hosted zone of the DNS name, for alias records."
  value       = aws_lb.this.zone_id
}

output "listener_arns" {
  description = "Listeners, by protocol; https only with a certificate."
  value       = merge({ http = aws_lb_listener.http.arn }, var.https ? { https = aws_lb_listener.https[0].arn } : {})
}

output "traffic_listener_arn" {
  description = "Listener that services attach their rules to: HTTPS where there is a certificate."
  value       = var.https ? aws_lb_listener.https[0].arn : aws_lb_listener.http.arn
}
