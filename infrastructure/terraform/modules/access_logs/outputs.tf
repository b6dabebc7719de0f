output "bucket" {
  description = "Name of the bucket, once load balancers may write to it."
  value       = aws_s3_bucket_policy.this.bucket
}
