# Whoever reaches the port must know a password. The provider has no write-only argument for one, so the user is made
# by CloudFormation, which reads the secret itself (a dynamic reference): no state, plan or output ever holds it.

locals {
  # Ids of users and groups have 40 characters at most; a hash keeps shortened ones unique.
  user_id     = "${local.user_prefix}-application"
  user_name   = "application"
  user_prefix = length(var.name) <= 28 ? var.name : "${trimsuffix(substr(var.name, 0, 21), "-")}-${substr(sha1(var.name), 0, 6)}"
}

module "password" {
  source = "../password"

  name        = var.secret_name
  description = "Password of the Redis user of ${var.name}"
  generation  = var.password_generation
}

resource "aws_cloudformation_stack" "user" {
  #checkov:skip=CKV_AWS_124:Terraform waits for it and shows its failure
  name = "${local.user_prefix}-redis-user"

  template_body = jsonencode({
    Description = "Redis user whose password only CloudFormation reads"
    Parameters = {
      UserId    = { Type = "String" }
      UserName  = { Type = "String" }
      SecretArn = { Type = "String" }
      VersionId = { Type = "String" } # a new version of the secret changes the user
    }
    Resources = {
      User = {
        Type = "AWS::ElastiCache::User"
        Properties = {
          UserId       = { Ref = "UserId" }
          UserName     = { Ref = "UserName" }
          Engine       = "redis"
          AccessString = "on ~* +@all"
          Passwords    = [{ "Fn::Sub" = "{{resolve:secretsmanager:$${SecretArn}:SecretString:::$${VersionId}}}" }]
        }
      }
    }
  })

  parameters = {
    UserId    = local.user_id
    UserName  = local.user_name
    SecretArn = module.password.secret_arn
    VersionId = module.password.version_id
  }
}

# Redis lets clients that name no user in as "default": here it is switched off.
resource "aws_elasticache_user" "default" {
  user_id       = "${local.user_prefix}-default"
  user_name     = "default"
  engine        = "redis"
  access_string = "off -@all"

  authentication_mode {
    type = "no-password-required"
  }
}

resource "aws_elasticache_user_group" "this" {
  user_group_id = local.user_prefix
  engine        = "redis"
  user_ids      = [aws_elasticache_user.default.user_id, local.user_id]

  depends_on = [aws_cloudformation_stack.user]
}
