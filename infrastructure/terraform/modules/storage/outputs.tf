output "buckets" {
  description = "Buckets, by key: name and ARN."
  value       = { for key, bucket in aws_s3_bucket.this : key => { name = bucket.id, arn = bucket.arn } }
}
