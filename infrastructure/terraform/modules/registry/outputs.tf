output "repositories" {
  description = "Repositories, by key: name, ARN and URL."
  value = {
    for key, repository in aws_ecr_repository.this :
    key => { name = repository.name, arn = repository.arn, url = repository.repository_url }
  }
}
