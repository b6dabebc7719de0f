output "arn" {
  description = "ARN of the distribution."
  value       = aws_cloudfront_distribution.this.arn
}

output "id" {
  description = "Id, as in CloudWatch's dimension DistributionId."
  value       = aws_cloudfront_distribution.this.id
}

output "dns_name" {
  description = "DNS name."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "zone_id" {
  description = "Hosted zone of the DNS name, for alias records."
  value       = aws_cloudfront_distribution.this.hosted_zone_id
}
