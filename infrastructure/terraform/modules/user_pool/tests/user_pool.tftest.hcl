mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop" }
  }
}

variables {
  name = "shop"
}

run "people_sign_in_with_a_second_factor_of_their_choice" {
  assert {
    condition     = aws_cognito_user_pool.this.mfa_configuration == "OPTIONAL" && length(aws_cognito_user_pool.this.software_token_mfa_configuration) == 1 && length(aws_cognito_user_pool.this.sms_configuration) == 0
    error_message = "An authenticator app, if they like."
  }

  assert {
    condition     = !aws_cognito_user_pool_client.this.generate_secret && aws_cognito_user_pool_client.this.prevent_user_existence_errors == "ENABLED"
    error_message = "No secret in a state, and no telling who has an account."
  }

  assert {
    condition     = length(aws_cognito_user_pool_domain.this) == 0 && length(aws_cognito_identity_pool.this) == 0 && length(aws_iam_role.sms) == 0
    error_message = "Nothing that nobody asked for."
  }
}

run "codes_by_sms_have_a_role" {
  variables {
    mfa         = "ON"
    mfa_methods = ["SMS", "TOTP"]
  }

  assert {
    condition     = aws_cognito_user_pool.this.sms_configuration[0].external_id == "shop" && length(aws_iam_role.sms) == 1
    error_message = "SNS sends in the name of a role that only this pool may take."
  }
}

run "no_factor_no_role" {
  variables {
    mfa         = "OFF"
    mfa_methods = ["SMS"]
  }

  assert {
    condition     = length(aws_iam_role.sms) == 0 && length(aws_cognito_user_pool.this.software_token_mfa_configuration) == 0
    error_message = "OFF is off."
  }
}

run "social_sign_in_names_a_secret_and_never_its_value" {
  variables {
    sign_in_prefix   = "shop"
    callback_urls    = ["https://shop.example.com/signed-in"]
    social_providers = { Google = { secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:google" } }
  }

  assert {
    condition     = toset(aws_cognito_user_pool_client.this.supported_identity_providers) == toset(["COGNITO", "Google"])
    error_message = "The page offers both."
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.social["Google"].template_body).Resources.Provider.Properties.ProviderDetails.client_secret == { "Fn::Sub" = "{{resolve:secretsmanager:$${SecretArn}:SecretString:client_secret::$${VersionId}}}" }
    error_message = "CloudFormation reads the secret."
  }
}

run "users_have_a_folder_of_their_own" {
  variables {
    identities = { bucket_arns = ["arn:aws:s3:::uploads"] }
  }

  assert {
    condition     = !aws_cognito_identity_pool.this[0].allow_unauthenticated_identities && length(aws_iam_role_policy.identities) == 1
    error_message = "Only who is signed in."
  }
}

run "a_provider_of_another_name_is_refused" {
  command = plan

  variables {
    social_providers = { Other = { secret_arn = "arn" } }
  }

  expect_failures = [var.social_providers]
}
