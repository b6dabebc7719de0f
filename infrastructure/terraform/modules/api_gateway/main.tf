# A REST API, since HTTP APIs have neither usage plans nor a cache. It passes every request on as it comes.

resource "aws_api_gateway_rest_api" "this" {
  name               = var.name
  description        = "Front of ${var.name}"
  binary_media_types = ["*/*"] # bodies pass as they are

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_resource" "below" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "{proxy+}"
}

locals {
  places = {
    root  = { resource_id = aws_api_gateway_rest_api.this.root_resource_id, uri = "${var.origin}/", path = [] }
    below = { resource_id = aws_api_gateway_resource.below.id, uri = "${var.origin}/{proxy}", path = ["method.request.path.proxy"] }
  }
  # GET stands by itself because only its answers are cached. The cache finds an answer by nothing but what is named.
  cache_keys = concat(
    [for name in var.cache.query_parameters : "method.request.querystring.${name}"],
    [for name in var.cache.headers : "method.request.header.${name}"],
  )
  cached = var.cache.ttl_seconds > 0
  methods = merge([
    for place, at in local.places : {
      for method in ["GET", "ANY"] : "${place} ${method}" => merge(at, {
        method     = method
        cache_keys = method == "GET" && local.cached ? concat(at.path, local.cache_keys) : []
      })
    }
  ]...)
}

resource "aws_api_gateway_method" "this" {
  #checkov:skip=CKV_AWS_59:the services decide who may call them, beyond the keys of usage plans
  #checkov:skip=CKV2_AWS_53:requests pass as they come, and the services check them
  for_each = local.methods

  rest_api_id      = aws_api_gateway_rest_api.this.id
  resource_id      = each.value.resource_id
  http_method      = each.value.method
  authorization    = "NONE"
  api_key_required = length(var.usage_plans) > 0

  # true: a request without it is none of this method's; a path has what stands in it, the rest may be left out.
  request_parameters = {
    for name in distinct(concat(each.value.path, each.value.cache_keys)) : name => contains(each.value.path, name)
  }
}

resource "aws_api_gateway_integration" "this" {
  for_each = local.methods

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = each.value.resource_id
  http_method             = aws_api_gateway_method.this[each.key].http_method
  type                    = "HTTP_PROXY"
  integration_http_method = each.value.method
  uri                     = each.value.uri
  request_parameters      = { for name in each.value.path : replace(name, "method.", "integration.") => name }
  cache_key_parameters    = each.value.cache_keys
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  # What is deployed is a copy: it must be made again when anything of the original changes.
  triggers = {
    methods = sha1(jsonencode([local.methods, length(var.usage_plans) > 0]))
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_api_gateway_integration.this]
}

resource "aws_api_gateway_stage" "this" {
  #checkov:skip=CKV_AWS_76:its logs need a role that an account has once per region, so it is no environment's; the load balancer logs
  #checkov:skip=CKV_AWS_120:the configuration decides on the cache
  #checkov:skip=CKV_AWS_73:the configuration decides on tracing
  #checkov:skip=CKV2_AWS_4:its logs need a role that an account has once per region, so it is no environment's
  #checkov:skip=CKV2_AWS_29:the configuration decides whether a firewall stands here, at the load balancer or at the CDN
  #checkov:skip=CKV2_AWS_51:the load balancer asks nobody for a client certificate
  rest_api_id           = aws_api_gateway_rest_api.this.id
  deployment_id         = aws_api_gateway_deployment.this.id
  stage_name            = "live"
  xray_tracing_enabled  = var.tracing
  cache_cluster_enabled = local.cached
  cache_cluster_size    = local.cached ? var.cache.size_gb : null
}

resource "aws_api_gateway_method_settings" "this" {
  #checkov:skip=CKV_AWS_225:the configuration decides on the cache
  #checkov:skip=CKV2_AWS_4:its logs need a role that an account has once per region, so it is no environment's
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled                         = true
    caching_enabled                         = local.cached
    cache_ttl_in_seconds                    = local.cached ? var.cache.ttl_seconds : null
    cache_data_encrypted                    = true
    require_authorization_for_cache_control = true
  }
}

# Keys are made by people in AWS: as a resource, a key's value would stand in the state.
resource "aws_api_gateway_usage_plan" "this" {
  for_each = var.usage_plans

  name        = "${var.name}-${each.key}"
  description = "${each.value.requests_per_minute} requests per minute and key"

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  throttle_settings {
    rate_limit  = each.value.requests_per_minute / 60
    burst_limit = each.value.burst
  }

  dynamic "quota_settings" {
    for_each = each.value.requests_per_month == null ? [] : [each.value.requests_per_month]

    content {
      limit  = quota_settings.value
      period = "MONTH"
    }
  }
}
