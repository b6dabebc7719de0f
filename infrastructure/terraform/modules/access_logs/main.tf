# Load balancers write to buckets that S3 itself encrypts, and to no others (SSE-S3; ELB user guide, "Access logs").

data "aws_partition" "this" {}

module "bucket" {
  source = "../private_bucket"

  name          = var.bucket
  force_destroy = true # logs have an end of their own; they must not keep an environment from being taken away
  versioning    = false
  policies      = [data.aws_iam_policy_document.this.json]
  ages          = { expire_days = var.retention_days }
}

data "aws_iam_policy_document" "this" {
  # In every region (ELB user guide, "Access logs"); older ones also know accounts of ELB's own, newer ones do not.
  statement {
    sid       = "LogDeliveryWrites"
    actions   = ["s3:PutObject"]
    resources = ["arn:${data.aws_partition.this.partition}:s3:::${var.bucket}/AWSLogs/*"]

    principals {
      type        = "Service"
      identifiers = ["logdelivery.elasticloadbalancing.amazonaws.com"]
    }
  }
}
