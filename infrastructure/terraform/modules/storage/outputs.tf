output "buckets" {
  description = "Buckets, by key: name, ARN and regional domain name."
  value = {
    for key, bucket in aws_s3_bucket.this :
    key => { name = bucket.id, arn = bucket.arn, regional_domain_name = bucket.bucket_regional_domain_name }
  }
}
