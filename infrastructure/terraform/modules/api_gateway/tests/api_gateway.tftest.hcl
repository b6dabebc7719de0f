mock_provider "aws" {}

variables {
  name   = "shop"
  origin = "https://shop.example.com"
}

run "without_plans_every_request_passes_and_nothing_is_cached" {
  assert {
    condition     = length(aws_api_gateway_method.this) == 4 && alltrue([for method in aws_api_gateway_method.this : !method.api_key_required])
    error_message = "GET and everything else, at / and below it, without a key."
  }

  assert {
    condition     = aws_api_gateway_integration.this["below ANY"].uri == "https://shop.example.com/{proxy}" && aws_api_gateway_integration.this["root GET"].uri == "https://shop.example.com/"
    error_message = "Paths are kept."
  }

  assert {
    condition     = !aws_api_gateway_stage.this.cache_cluster_enabled && !aws_api_gateway_method_settings.this.settings[0].caching_enabled
    error_message = "A cache is charged by the hour: only on request."
  }
}

run "plans_limit_each_key" {
  variables {
    usage_plans = {
      free    = { requests_per_minute = 60, burst = 10, requests_per_month = 10000 }
      premium = { requests_per_minute = 1000 }
    }
  }

  assert {
    condition     = alltrue([for method in aws_api_gateway_method.this : method.api_key_required])
    error_message = "Nobody passes without a key."
  }

  assert {
    condition     = aws_api_gateway_usage_plan.this["free"].throttle_settings[0].rate_limit == 1 && one(aws_api_gateway_usage_plan.this["free"].quota_settings).limit == 10000
    error_message = "60 a minute are one a second."
  }

  assert {
    condition     = aws_api_gateway_usage_plan.this["premium"].throttle_settings[0].burst_limit == 100 && length(aws_api_gateway_usage_plan.this["premium"].quota_settings) == 0
    error_message = "No quota where none is asked for."
  }
}

run "answers_for_one_are_not_given_to_another" {
  variables {
    cache = { ttl_seconds = 300, query_parameters = ["page"] }
  }

  assert {
    condition = toset(aws_api_gateway_integration.this["below GET"].cache_key_parameters) == toset([
      "method.request.path.proxy", "method.request.querystring.page", "method.request.header.Authorization", "method.request.header.Cookie",
    ])
    error_message = "Path, named parameters and who asks tell answers apart."
  }

  assert {
    condition     = length(aws_api_gateway_integration.this["below ANY"].cache_key_parameters) == 0
    error_message = "Only GET is cached."
  }

  assert {
    condition     = aws_api_gateway_method_settings.this.settings[0].cache_ttl_in_seconds == 300 && aws_api_gateway_method_settings.this.settings[0].cache_data_encrypted
    error_message = "Five minutes, encrypted."
  }
}

run "an_origin_is_a_host" {
  command = plan

  variables {
    origin = "https://shop.example.com/path"
  }

  expect_failures = [var.origin]
}
