output "id" {
  description = "Id of the user pool."
  value       = aws_cognito_user_pool.this.id
}

output "client_id" {
  description = "Id of the application's client; public."
  value       = aws_cognito_user_pool_client.this.id
}

output "issuer" {
  description = "Issuer of its tokens; their keys are at ISSUER/.well-known/jwks.json."
  value       = "https://${aws_cognito_user_pool.this.endpoint}"
}

output "sign_in_url" {
  description = "Address of the sign-in page; null: none."
  value       = var.sign_in_prefix == null ? null : "https://${var.sign_in_prefix}.auth.${data.aws_region.this.name}.amazoncognito.com"

  depends_on = [aws_cognito_user_pool_domain.this]
}

output "identity_pool_id" {
  description = "Id of the identity pool; null: none."
  value       = one(aws_cognito_identity_pool.this[*].id)
}
