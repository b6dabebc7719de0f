# The provider's resource would read the client's secret back into the state. CloudFormation reads it from the secret
# itself (a dynamic reference) and shows it to nobody. A new version of the secret is taken by naming it.

locals {
  # User pool developer guide, "Using social identity providers with a user pool": scopes, and which of their
  # attributes become ours.
  social = {
    Google = {
      scopes     = "openid email profile"
      attributes = { username = "sub", email = "email" }
    }
    Facebook = {
      scopes     = "public_profile,email"
      attributes = { username = "id", email = "email" }
    }
  }
}

resource "aws_cloudformation_stack" "social" {
  #checkov:skip=CKV_AWS_124:Terraform waits for it and shows its failure
  for_each = var.social_providers

  name = "${var.name}-${lower(each.key)}-sign-in"

  template_body = jsonencode({
    Description = "Sign-in with ${each.key}; only CloudFormation reads the client's secret"
    Parameters  = { for name in ["UserPoolId", "SecretArn", "VersionId"] : name => { Type = "String" } }
    Resources = {
      Provider = {
        Type = "AWS::Cognito::UserPoolIdentityProvider"
        Properties = {
          UserPoolId       = { Ref = "UserPoolId" }
          ProviderName     = each.key
          ProviderType     = each.key
          AttributeMapping = local.social[each.key].attributes
          ProviderDetails = merge(
            { authorize_scopes = local.social[each.key].scopes },
            {
              for key in ["client_id", "client_secret"] :
              key => { "Fn::Sub" = "{{resolve:secretsmanager:$${SecretArn}:SecretString:${key}::$${VersionId}}}" }
            },
          )
        }
      }
    }
  })

  parameters = {
    UserPoolId = aws_cognito_user_pool.this.id
    SecretArn  = each.value.secret_arn
    VersionId  = each.value.version_id == null ? "" : each.value.version_id
  }

  # Before it goes, the client must have let go of it.
  lifecycle {
    create_before_destroy = true
  }
}
