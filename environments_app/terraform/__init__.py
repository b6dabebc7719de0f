"""Terraform as a real process: commands built purely, run elsewhere, their events read into progress and summary."""
