"""Reads Terraform's language without running it: tokens, blocks, types. Pure; what it cannot read, it says so."""
