"""What a Terraform plan costs per month. Pure: a plan, a usage file and a price catalogue in, an Estimate out."""
