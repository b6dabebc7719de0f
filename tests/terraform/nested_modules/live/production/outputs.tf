output "log_groups" {
  description = "Log group of each team."
  value       = { for name, team in module.team : name => team.log_group }
}
