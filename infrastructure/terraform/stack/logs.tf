module "logs" {
  source = "../modules/logs"

  name           = local.name
  names          = { for name in keys(var.services) : name => "/slipway/${local.path}/${name}" }
  retention_days = var.logs.retention_days
  encrypted      = var.logs.encrypted
}
