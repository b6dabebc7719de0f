output "buckets" {
  description = "Buckets, by key: name and ARN."
  value       = module.bucket
}

# Apart from the buckets, whose policies name the distribution that is made of this.
output "origins" {
  description = "Names under which CloudFront reaches the buckets, by key."
  value = {
    for key, bucket in var.buckets :
    key => "${bucket.name}.s3.${data.aws_region.this.name}.${data.aws_partition.this.dns_suffix}"
  }
}
