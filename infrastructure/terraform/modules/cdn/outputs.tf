output "id" {
  description = "Id of the distribution, as in CloudWatch's dimensions."
  value       = aws_cloudfront_distribution.this.id
}

output "arn" {
  description = "ARN of the distribution."
  value       = aws_cloudfront_distribution.this.arn
}

output "dns_name" {
  description = "CloudFront's own name of the distribution."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "zone_id" {
  description = "Hosted zone of the DNS name, for alias records."
  value       = aws_cloudfront_distribution.this.hosted_zone_id
}
