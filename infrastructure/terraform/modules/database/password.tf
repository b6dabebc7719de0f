# The master password is made inside AWS and goes from the secret to RDS. It passes through Terraform only in
# ephemeral values and write-only arguments: no state, plan or output ever holds it.

ephemeral "aws_secretsmanager_random_password" "master" {
  password_length     = 40
  exclude_punctuation = true # RDS refuses some signs, and URLs need none escaped
}

resource "aws_secretsmanager_secret" "master" {
  name                    = var.secret_name
  description             = "Password of the master user of ${var.name}"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "master" {
  secret_id                = aws_secretsmanager_secret.master.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.master.random_password
  secret_string_wo_version = var.password_generation
}

# Read back instead of using the random value twice: the secret is what RDS is given, also where an earlier
# apply ended between the two.
ephemeral "aws_secretsmanager_secret_version" "master" {
  secret_id = aws_secretsmanager_secret_version.master.secret_id
}
