locals {
  # The rule for any image must come last: ECR takes the lowest priority number first.
  untagged_rule = var.untagged_days == null ? [] : [{
    rulePriority = 1
    description  = "Delete untagged images after ${var.untagged_days} days"
    selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = var.untagged_days }
    action       = { type = "expire" }
  }]

  count_rule = [{
    rulePriority = 2
    description  = "Keep the last ${var.keep_images} images"
    selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.keep_images }
    action       = { type = "expire" }
  }]
}

resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_51:the configuration decides; releases are pinned by digest
  #checkov:skip=CKV_AWS_136:ECR's own key; images hold no secrets, and copies would need a key in each region
  #checkov:skip=CKV_AWS_163:the configuration decides, and it is on by default
  for_each = var.repositories

  name                 = each.value
  image_tag_mutability = var.immutable_tags ? "IMMUTABLE" : "MUTABLE"
  force_delete         = var.force_delete

  image_scanning_configuration {
    scan_on_push = var.scan_on_push
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each = aws_ecr_repository.this

  repository = each.value.name
  policy     = jsonencode({ rules = concat(local.untagged_rule, local.count_rule) })
}
