module "audit_trail" {
  source = "../modules/audit_trail"
  count  = var.audit_trail == null ? 0 : 1

  name           = local.name
  bucket_name    = "${local.short_name}-audit-trail-${data.aws_caller_identity.this.account_id}"
  retention_days = var.audit_trail.retention_days
  glacier_days   = var.audit_trail.glacier_days
  multi_region   = var.audit_trail.multi_region
  force_destroy  = var.audit_trail.force_destroy
}
