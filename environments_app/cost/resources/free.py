"""Resource types that AWS does not charge for by themselves (what they govern is priced where it is)."""

from __future__ import annotations

_NETWORK = """
    aws_customer_gateway aws_default_network_acl aws_default_route_table aws_default_security_group
    aws_default_subnet aws_default_vpc aws_default_vpc_dhcp_options aws_egress_only_internet_gateway aws_flow_log
    aws_eip_association aws_internet_gateway aws_internet_gateway_attachment aws_main_route_table_association
    aws_network_acl aws_network_acl_association aws_network_acl_rule aws_network_interface
    aws_network_interface_attachment aws_network_interface_sg_attachment aws_route aws_route_table
    aws_route_table_association aws_security_group aws_security_group_rule aws_subnet aws_vpc aws_vpc_dhcp_options
    aws_vpc_dhcp_options_association aws_vpc_endpoint_policy aws_vpc_endpoint_route_table_association
    aws_vpc_endpoint_security_group_association aws_vpc_endpoint_subnet_association
    aws_vpc_ipv4_cidr_block_association aws_vpc_peering_connection aws_vpc_peering_connection_accepter
    aws_vpc_peering_connection_options aws_vpc_security_group_egress_rule aws_vpc_security_group_ingress_rule
"""

_LOAD_BALANCING = """
    aws_alb_listener aws_alb_listener_certificate aws_alb_listener_rule aws_alb_target_group
    aws_alb_target_group_attachment aws_elb_attachment aws_lb_cookie_stickiness_policy aws_lb_listener
    aws_lb_listener_certificate aws_lb_listener_rule aws_lb_ssl_negotiation_policy aws_lb_target_group
    aws_lb_target_group_attachment
"""

_COMPUTE = """
    aws_ami_launch_permission aws_appautoscaling_policy aws_appautoscaling_scheduled_action
    aws_appautoscaling_target aws_autoscaling_attachment aws_autoscaling_group_tag aws_autoscaling_lifecycle_hook
    aws_autoscaling_notification aws_autoscaling_policy aws_autoscaling_schedule aws_ec2_tag
    aws_ecr_lifecycle_policy aws_ecr_pull_through_cache_rule aws_ecr_registry_policy
    aws_ecr_replication_configuration aws_ecr_repository_policy aws_ecs_account_setting_default
    aws_ecs_capacity_provider aws_ecs_cluster aws_ecs_cluster_capacity_providers aws_ecs_tag
    aws_ecs_task_definition aws_key_pair aws_launch_configuration aws_launch_template
    aws_placement_group aws_service_discovery_http_namespace aws_volume_attachment
"""

_IDENTITY = """
    aws_iam_access_key aws_iam_account_alias aws_iam_account_password_policy aws_iam_group
    aws_iam_group_membership aws_iam_group_policy aws_iam_group_policy_attachment aws_iam_instance_profile
    aws_iam_openid_connect_provider aws_iam_policy aws_iam_policy_attachment aws_iam_role
    aws_iam_role_policies_exclusive
    aws_iam_role_policy aws_iam_role_policy_attachment aws_iam_role_policy_attachments_exclusive
    aws_iam_saml_provider aws_iam_server_certificate aws_iam_service_linked_role aws_iam_user
    aws_iam_user_group_membership aws_iam_user_policy aws_iam_user_policy_attachment aws_kms_alias aws_kms_grant
    aws_kms_key_policy aws_secretsmanager_secret_policy aws_secretsmanager_secret_rotation
    aws_secretsmanager_secret_version aws_wafv2_ip_set aws_wafv2_regex_pattern_set
    aws_wafv2_web_acl_association aws_wafv2_web_acl_logging_configuration
"""

_DATA = """
    aws_backup_plan aws_backup_selection
    aws_db_event_subscription aws_db_instance_role_association aws_db_option_group aws_db_parameter_group
    aws_db_subnet_group aws_docdb_cluster_parameter_group aws_docdb_subnet_group aws_efs_access_point
    aws_efs_backup_policy aws_efs_file_system_policy aws_efs_mount_target aws_elasticache_parameter_group
    aws_elasticache_subnet_group aws_elasticache_user aws_elasticache_user_group
    aws_elasticache_user_group_association aws_rds_cluster_parameter_group aws_rds_cluster_role_association
    aws_s3_account_public_access_block aws_s3_bucket_acl aws_s3_object aws_s3_bucket_cors_configuration
    aws_s3_bucket_lifecycle_configuration aws_s3_bucket_logging aws_s3_bucket_notification
    aws_s3_bucket_object_lock_configuration aws_s3_bucket_ownership_controls aws_s3_bucket_policy
    aws_s3_bucket_public_access_block aws_s3_bucket_server_side_encryption_configuration
    aws_s3_bucket_versioning aws_s3_bucket_website_configuration
"""

_ACCESS = """
    aws_api_gateway_deployment aws_api_gateway_integration aws_api_gateway_method aws_api_gateway_method_settings
    aws_api_gateway_resource aws_api_gateway_usage_plan aws_cognito_identity_pool
    aws_cognito_identity_pool_roles_attachment aws_cognito_user_pool_client aws_cognito_user_pool_domain
"""

_OPERATIONS = """
    aws_acm_certificate_validation aws_cloudfront_cache_policy aws_cloudfront_origin_access_control
    aws_cloudfront_origin_access_identity aws_cloudfront_origin_request_policy
    aws_cloudfront_response_headers_policy aws_cloudwatch_event_permission aws_cloudwatch_event_rule
    aws_cloudwatch_event_target aws_cloudwatch_log_resource_policy aws_cloudwatch_log_stream
    aws_cloudwatch_log_subscription_filter aws_cloudwatch_query_definition aws_lambda_alias
    aws_lambda_event_source_mapping aws_lambda_permission
    aws_resourcegroups_group aws_route53_zone_association aws_sns_topic_policy aws_sqs_queue_policy
    aws_sqs_queue_redrive_policy aws_xray_group aws_xray_sampling_rule
"""

FREE = frozenset((_NETWORK + _LOAD_BALANCING + _COMPUTE + _IDENTITY + _DATA + _ACCESS + _OPERATIONS).split())
