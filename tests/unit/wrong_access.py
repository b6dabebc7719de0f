"""Wrong settings of the API gateway and the user pool, with the one problem that each must give."""

from tests.unit.wrong_services import Wrong

PAGE = {"sign_in_prefix": "shop", "callback_urls": ["https://shop.example.com/in"]}
GOOGLE = {"provider": "Google", "secret": "google"}

# change of the valid document -> the one problem it must give
WRONG: Wrong = [
    (
        {"api_gateway": {}, "load_balancer": {"scheme": "internal"}},
        ("load_balancer.scheme", "API Gateway cannot reach an internal load balancer", "internet-facing"),
    ),
    (
        {"api_gateway": {}, "load_balancer": {"allowed_cidrs": ["10.0.0.0/8"]}},
        (
            "load_balancer.allowed_cidrs",
            "API Gateway calls from addresses that change, which are shut out",
            "0.0.0.0/0, or a section cdn",
        ),
    ),
    (
        {"api_gateway": {}, "load_balancer": {"certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/x"}},
        ("api_gateway", "it cannot check the load balancer's certificate without a name", "a section dns"),
    ),
    (
        {"waf": {"attach_to": "api_gateway"}},
        ("waf.attach_to", "there is no API gateway", "load_balancer, or a section api_gateway"),
    ),
    (
        {"api_gateway": {"cache_ttl_seconds": 7200}},
        ("api_gateway.cache_ttl_seconds", "7200 is not valid", "at most 3600"),
    ),
    (
        {"user_pool": {"mfa": "ON", "mfa_methods": []}},
        ("user_pool.mfa_methods", "a second factor is ON and none is named", "SMS, TOTP or both"),
    ),
    (
        {"user_pool": {"sign_in_prefix": "shop"}},
        ("user_pool.callback_urls", "the sign-in page does not know where to go on", "an address at least"),
    ),
    (
        {"user_pool": {"callback_urls": ["http://shop.example.com/in"]}},
        ("user_pool.callback_urls.0", "Cognito takes plain HTTP for localhost only", "an https:// address"),
    ),
    (
        {"user_pool": {"callback_urls": ["https://shop.example.com/in", "https://shop.example.com/app#in"]}},
        (
            "user_pool.callback_urls.1",
            "Cognito takes no address with a fragment, as the answer of a sign-in is added to it",
            "https://shop.example.com/app, with what it shows in the path or the query",
        ),
    ),
    (
        {"user_pool": {"callback_urls": ["http://localhost.example.com/in"]}},
        ("user_pool.callback_urls.0", "Cognito takes plain HTTP for localhost only", "an https:// address"),
    ),
    (
        {"user_pool": {"social_providers": [GOOGLE]}, "secrets.google": {"kind": "external"}},
        ("user_pool.sign_in_prefix", "accounts elsewhere sign in by Cognito's own page", "a prefix"),
    ),
    (
        {"user_pool": PAGE | {"social_providers": [GOOGLE]}, "secrets.google": {"kind": "generated"}},
        (
            "user_pool.social_providers.0.secret",
            "google is generated in secrets manager; its owner cannot fill it",
            "an entry of kind external in secrets_manager",
        ),
    ),
    (
        {"user_pool": PAGE | {"social_providers": [GOOGLE, GOOGLE]}, "secrets.google": {"kind": "external"}},
        ("user_pool.social_providers.1.provider", "Google stands twice", "each provider once"),
    ),
    (
        {"user_pool": PAGE | {"social_providers": [{"provider": "GitHub", "secret": "google"}]}},
        ("user_pool.social_providers.0.provider", "'GitHub' is not valid", "'Google' or 'Facebook'"),
    ),
    (
        {"user_pool": {"identity_buckets": ["files"]}},
        ("user_pool.identity_pool", "users have no credentials to reach buckets with", "true"),
    ),
    (
        {"user_pool": {"identity_pool": True, "identity_buckets": ["uploads"]}},
        ("user_pool.identity_buckets.0", "no entry 'uploads' in buckets", "one of files"),
    ),
]
