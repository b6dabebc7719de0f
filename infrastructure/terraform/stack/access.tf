module "api_gateway" {
  source = "../modules/api_gateway"
  count  = var.api_gateway == null ? 0 : 1

  name        = local.name
  origin      = local.urls[0]
  usage_plans = var.api_gateway.usage_plans
  tracing     = var.tracing != null
  cache = {
    ttl_seconds      = var.api_gateway.cache_ttl_seconds
    size_gb          = var.api_gateway.cache_size_gb
    query_parameters = var.api_gateway.cache_query_parameters
    headers          = var.api_gateway.cache_headers
  }
}

module "user_pool" {
  source = "../modules/user_pool"
  count  = var.user_pool == null ? 0 : 1

  name                = local.short_name
  mfa                 = var.user_pool.mfa
  mfa_methods         = var.user_pool.mfa_methods
  self_sign_up        = var.user_pool.self_sign_up
  password_min_length = var.user_pool.password_min_length
  sign_in_prefix      = var.user_pool.sign_in_prefix
  callback_urls       = var.user_pool.callback_urls
  logout_urls         = var.user_pool.logout_urls
  deletion_protection = var.user_pool.deletion_protection
  social_providers = {
    for social in var.user_pool.social_providers : social.provider => {
      secret_arn = module.secrets.arns[social.secret]
      version_id = social.version_id
    }
  }
  identities = !var.user_pool.identity_pool ? null : {
    bucket_arns = [for key in var.user_pool.identity_buckets : module.storage.buckets[key].arn]
  }
}

locals {
  # Tasks check whose tokens they are given.
  user_pool_variables = var.user_pool == null ? {} : {
    USER_POOL_ID        = module.user_pool[0].id
    USER_POOL_CLIENT_ID = module.user_pool[0].client_id
  }
}
