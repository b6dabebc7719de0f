data "aws_caller_identity" "this" {}

# The registry has ONE replication configuration per account and region. The filter keeps it to this environment's
# repositories, but a second environment with copies in the same account would replace it (see the README).
resource "aws_ecr_replication_configuration" "this" {
  count = var.replica_region == null ? 0 : 1

  replication_configuration {
    rule {
      destination {
        region      = var.replica_region
        registry_id = data.aws_caller_identity.this.account_id
      }

      dynamic "repository_filter" {
        for_each = toset(values(var.repositories))

        content {
          filter      = repository_filter.value
          filter_type = "PREFIX_MATCH"
        }
      }
    }
  }
}
