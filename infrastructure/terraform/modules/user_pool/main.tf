locals {
  by_page = length(var.callback_urls) > 0
  sms     = var.mfa != "OFF" && contains(var.mfa_methods, "SMS")
  totp    = var.mfa != "OFF" && contains(var.mfa_methods, "TOTP")
}

resource "aws_cognito_user_pool" "this" {
  name                     = var.name
  deletion_protection      = var.deletion_protection ? "ACTIVE" : "INACTIVE"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = var.mfa

  username_configuration {
    case_sensitive = false
  }

  password_policy {
    minimum_length                   = var.password_min_length
    require_lowercase                = true
    require_uppercase                = true
    require_numbers                  = true
    require_symbols                  = true
    temporary_password_validity_days = 7
  }

  admin_create_user_config {
    allow_admin_create_user_only = !var.self_sign_up
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  dynamic "software_token_mfa_configuration" {
    for_each = local.totp ? [true] : []

    content {
      enabled = true
    }
  }

  dynamic "sms_configuration" {
    for_each = local.sms ? [true] : []

    content {
      external_id    = var.name
      sns_caller_arn = aws_iam_role.sms[0].arn
      sns_region     = data.aws_region.this.name
    }
  }

  depends_on = [aws_iam_role_policy.sms]
}

# The application is a public client (a browser, a phone): a secret in it would be none, and would stand in the state.
resource "aws_cognito_user_pool_client" "this" {
  name                          = var.name
  user_pool_id                  = aws_cognito_user_pool.this.id
  generate_secret               = false
  explicit_auth_flows           = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true

  supported_identity_providers         = concat(["COGNITO"], keys(var.social_providers))
  allowed_oauth_flows_user_pool_client = local.by_page
  allowed_oauth_flows                  = local.by_page ? ["code"] : null
  allowed_oauth_scopes                 = local.by_page ? ["openid", "email", "profile"] : null
  callback_urls                        = local.by_page ? var.callback_urls : null
  logout_urls                          = local.by_page ? var.logout_urls : null

  depends_on = [aws_cloudformation_stack.social]
}

resource "aws_cognito_user_pool_domain" "this" {
  count = var.sign_in_prefix == null ? 0 : 1

  domain       = var.sign_in_prefix
  user_pool_id = aws_cognito_user_pool.this.id
}
