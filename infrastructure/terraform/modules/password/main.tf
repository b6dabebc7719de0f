# The password is made inside AWS and passes through Terraform only in ephemeral values and write-only arguments: no
# state, plan or output that is kept ever holds it.

ephemeral "aws_secretsmanager_random_password" "this" {
  password_length     = 40
  exclude_punctuation = true # RDS refuses some signs, and URLs and JSON need none escaped
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV_AWS_149:Secrets Manager's own key; a key of ours would have to be shared with every reader
  #checkov:skip=CKV2_AWS_57:rotated on request, by the module rotation
  name                    = var.name
  description             = var.description
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.this.random_password
  secret_string_wo_version = var.generation
}

# Read back instead of using the random value twice: what is handed on is what the secret holds, also where an earlier
# apply ended between the two.
ephemeral "aws_secretsmanager_secret_version" "this" {
  secret_id = aws_secretsmanager_secret_version.this.secret_id
}
