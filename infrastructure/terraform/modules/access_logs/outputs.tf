output "bucket" {
  description = "Name of the bucket, once load balancers may write to it."
  value       = module.bucket.name

  depends_on = [module.bucket]
}
