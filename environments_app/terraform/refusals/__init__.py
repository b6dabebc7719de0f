"""What foreign Terraform may not do, a file for each kind. Pure; `inspection.py` says which files are asked about."""
