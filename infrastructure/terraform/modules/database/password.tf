module "password" {
  source = "../password"

  name        = var.secret_name
  description = "Password of the master user of ${var.name}"
  generation  = var.password_generation
}

# Where environments made by earlier versions have it.
moved {
  from = aws_secretsmanager_secret.master
  to   = module.password.aws_secretsmanager_secret.this
}

moved {
  from = aws_secretsmanager_secret_version.master
  to   = module.password.aws_secretsmanager_secret_version.this
}
