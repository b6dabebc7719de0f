# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  repositories = { "web/web" = "shop/staging/web", "web/proxy" = "shop/staging/web/proxy" }
}

run "repositories_scan_and_keep_the_newest" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_scanning_configuration[0].scan_on_push])
    error_message = "Images must be scanned."
  }

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.this["web/web"].policy).rules : rule.selection.countNumber] == [7, 10]
    error_message = "Untagged images go after 7 days, and 10 images stay."
  }

  assert {
    condition     = length(aws_ecr_replication_configuration.this) == 0
    error_message = "Copies were not asked for."
  }
}

run "images_are_copied_of_these_repositories_only" {
  command = plan

  variables {
    replica_region = "us-west-2"
  }

  assert {
    condition     = aws_ecr_replication_configuration.this[0].replication_configuration[0].rule[0].destination[0].region == "us-west-2"
    error_message = "Images must be copied to the second region."
  }

  assert {
    condition     = toset([for filter in aws_ecr_replication_configuration.this[0].replication_configuration[0].rule[0].repository_filter : filter.filter]) == toset(["shop/staging/web", "shop/staging/web/proxy"])
    error_message = "Other environments' repositories are not copied."
  }
}

run "no_image_kept_is_refused" {
  command = plan

  variables {
    keep_images = 0
  }

  expect_failures = [var.keep_images]
}
