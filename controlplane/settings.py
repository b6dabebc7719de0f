"""Django settings, made of `env.py`; the composition root beside urls.py and asgi.py."""

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
from redis.backoff import NoBackoff
from redis.retry import Retry

from controlplane import env
from controlplane.env import REPOSITORY

ENV = env.read()
DATA_DIR = ENV.data_dir.resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
if DATA_DIR.stat().st_uid == os.getuid():
    DATA_DIR.chmod(0o700)  # plans, states, logs and the key are nobody else's, also in a folder that was there before


def _secret_key() -> str:
    """The configured key, or one made once and kept readable by its owner only."""
    if ENV.secret_key:
        return ENV.secret_key
    path = DATA_DIR / "secret_key"
    if not path.exists():
        # Written aside and linked: of two processes that start at once, one wins and both read the same key.
        aside = DATA_DIR / f"secret_key.{os.getpid()}"
        aside.touch(mode=0o600)
        aside.write_text(secrets.token_urlsafe(48))
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text()


SECRET_KEY = _secret_key()
DEBUG = ENV.debug
ALLOWED_HOSTS = [host.strip() for host in ENV.hosts.split(",") if host.strip()] + [ENV.bind]
ROOT_URLCONF = "controlplane.urls"
ASGI_APPLICATION = "controlplane.asgi.application"

INSTALLED_APPS = [
    "monitoring_app",
    "deployments_app",
    "environments_app",
    "controlplane.pages",
    "controlplane.core",
    "allauth",
    "allauth.account",
    "django_htmx",
    "django_rq",
    "channels",
    "controlplane.core.apps.AuditedAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "controlplane.core.middleware.request_context",
    "django.middleware.security.SecurityMiddleware",
    "controlplane.core.middleware.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "controlplane.core.middleware.DenyByDefault",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "controlplane.core.middleware.reader_timezone",
    "controlplane.core.middleware.refuse_large_bodies",
    "controlplane.pages.middleware.api_method_errors",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [REPOSITORY / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "controlplane.pages.context.frame",
            ],
            "builtins": ["controlplane.pages.templatetags.slipway"],
        },
    }
]

DATABASES: dict[str, dict[str, Any]]
if ENV.database_url:
    DATABASES = {"default": dict(dj_database_url.parse(ENV.database_url, conn_max_age=60, conn_health_checks=True))}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "db.sqlite3",
            # Several processes write: write-ahead log, take the write lock when a transaction begins, wait for it.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=30000;",
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "core_cache"}}

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "controlplane.core.accounts.ClosedSignup"
ACCOUNT_SESSION_REMEMBER = True
# No mail server belongs to Slipway: nothing is ever sent, neither to those who have an account nor to others.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.https
SECURE_HSTS_SECONDS = 31_536_000 if ENV.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.https else None
CSRF_TRUSTED_ORIGINS = [ENV.public_url] if ENV.public_url else []
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The largest body that a form or webhook may send; a larger one is answered 413 before it is read whole.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a configuration of many services as a form

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [REPOSITORY / "static"]
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise asks for it, though it serves from the sources
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# redis-py's new default socket_timeout of 5 s would end an idle channel layer (1011); None waits. Its default of ten
# retries would keep listeners deaf for half a minute after a lost Redis is back; they come back by themselves.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [{"address": ENV.redis_url, "socket_timeout": None, "retry": Retry(NoBackoff(), 1)}],
            "capacity": 500,
        },
    }
}
TERRAFORM_JOB_SECONDS = 4 * 3600
RQ_QUEUES = {
    "terraform": {"URL": ENV.redis_url, "DEFAULT_TIMEOUT": TERRAFORM_JOB_SECONDS},
    "looks": {"URL": ENV.redis_url, "DEFAULT_TIMEOUT": 120},
    "default": {"URL": ENV.redis_url, "DEFAULT_TIMEOUT": 300},
}
RQ = {"WORKER_CLASS": "controlplane.lib.queue.Worker"}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "controlplane.lib.context.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"rq.worker": {"level": "WARNING"}, "botocore": {"level": "WARNING"}},
}

# Slipway's own, read by adapters and jobs through django.conf.settings.
SLIPWAY_SANDBOX_URL = ENV.sandbox_url if ENV.in_sandbox else ""
SLIPWAY_IN_SANDBOX = ENV.in_sandbox
SLIPWAY_TIME_SCALE = ENV.time_scale if ENV.in_sandbox else 1.0
SLIPWAY_PUBLIC_URL = ENV.public_url or f"http://{ENV.bind}:{ENV.port}"
SLIPWAY_ARTEFACTS_DIR = DATA_DIR / "artefacts"
SLIPWAY_WORKSPACES_DIR = Path(ENV.workspaces_dir).resolve() if ENV.workspaces_dir else DATA_DIR / "workspaces"
# Whether an operator chose their place: the data folder itself is closed to every other user.
SLIPWAY_WORKSPACES_ARE_APART = bool(ENV.workspaces_dir)
SLIPWAY_PLUGIN_CACHE_DIR = DATA_DIR / "plugin-cache"
SLIPWAY_TERRAFORM_BIN = ENV.terraform_bin
SLIPWAY_TERRAFORM_MIRROR = ENV.terraform_mirror
SLIPWAY_TERRAFORM_FOLDERS = [Path(each.strip()) for each in ENV.terraform_folders.split(",") if each.strip()]
SLIPWAY_TERRAFORM_PROVIDERS = frozenset(each.strip() for each in ENV.terraform_providers.split(",") if each.strip())
SLIPWAY_TERRAFORM_USER = ENV.terraform_user
SLIPWAY_TERRAFORM_WALLS = ENV.terraform_walls
SLIPWAY_STACK_DIR = REPOSITORY / "infrastructure" / "terraform"
SLIPWAY_BLUEPRINTS_DIR = REPOSITORY / "blueprints"
SLIPWAY_LEASE_SECONDS = ENV.lease_seconds
# Modules of jobs, read by a worker before it forks.
SLIPWAY_PRELOAD = ["environments_app.jobs", "deployments_app.jobs", "controlplane.core.jobs"]
# By queue: what a worker of it calls once before it forks; it opens no connection.
SLIPWAY_WARM_UP = {
    "terraform": "environments_app.warm_up.for_terraform",
    "looks": "deployments_app.warm_up.for_looks",
}
# What the scheduler looks after: dotted paths of functions without arguments, with their period in seconds.
SLIPWAY_SWEEPS = [
    ("environments_app.jobs.sweep_runs", 2.0),
    ("deployments_app.jobs.sweep_deployments", 1.0),
    ("controlplane.core.jobs.seal_audit", 5.0),
    ("controlplane.core.jobs.expire_approvals", 10.0),
    ("controlplane.core.jobs.sweep_output", 30.0),
]
# Finds the system behind a live topic such as "run:<uuid>"; the top layer knows all kinds.
SLIPWAY_TOPIC_SYSTEM = "controlplane.pages.topics.system_of"
