"""All settings. Every variable read here is described in docs/configuration.md."""

from pathlib import Path

import dj_database_url
import dj_email_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from prm.config import env
from prm.config.logging import logging_config
from prm.egress.addresses import allowed_entry

BASE_DIR = env.BASE_DIR
DATA_DIR = Path(env.text("PRM_DATA_DIR", str(BASE_DIR / ".data"))).resolve()

DEMO = env.flag("PRM_DEMO")
DEBUG = env.flag("PRM_DEBUG")
PUBLIC_HOST = env.text("PRM_HOST", "localhost")
PORT = env.number("PRM_PORT", 8000)
BIND = env.text("PRM_BIND", "127.0.0.1")

DEMO_SECRET = "demo-only-secret-that-protects-nothing-and-is-known-to-all"
SECRET_KEY = env.text("PRM_SECRET_KEY", DEMO_SECRET if DEMO or DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("PRM_SECRET_KEY is not set. Give it 50 random characters and keep them.")
if DEMO:
    # Demo mode signs anybody in with one click, so it must never be reachable or mistaken for a real site.
    if BIND not in ("127.0.0.1", "::1", "localhost"):
        raise ImproperlyConfigured(f"PRM_BIND is '{BIND}', but demo mode listens on 127.0.0.1 only.")
    if PUBLIC_HOST != "localhost":
        raise ImproperlyConfigured(f"PRM_HOST is '{PUBLIC_HOST}', but demo mode runs on localhost only.")
    if env.flag("PRM_ANY_HOST") or env.words("PRM_HOSTS"):
        raise ImproperlyConfigured("PRM_ANY_HOST or PRM_HOSTS is set, but demo mode runs on localhost only.")
    if SECRET_KEY != DEMO_SECRET:
        raise ImproperlyConfigured(
            "PRM_SECRET_KEY is set: demo mode refuses to run with a production secret."
        )

ALLOWED_HOSTS = (
    ["*"] if env.flag("PRM_ANY_HOST") else [PUBLIC_HOST, f".{PUBLIC_HOST}", *env.words("PRM_HOSTS")]
)
INTERNAL_SCHEME = "http" if DEMO or DEBUG or env.flag("PRM_PLAIN_HTTP") else "https"

# How many reverse proxies stand in front and write X-Forwarded-For.
PROXIES = env.number("PRM_PROXIES", 0 if INTERNAL_SCHEME == "http" else 1)

# ---- tenants: a schema each, chosen by host name ----
SHARED_APPS = [
    "django_tenants",
    "prm.tenancy",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django_htmx",
    "django_structlog",
    "csp",
    "prm.ui",
    "prm.configuration",
    "prm.search",
    "prm.starter",
    "prm.config",
    "prm.localservices",
]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "prm.access",
    "prm.audit",
    "prm.outbox",
    "prm.jobs",
    "prm.egress",
    "prm.accounts",
    "prm.ledger",
    "prm.measures",
    "prm.conditions",
    "prm.notices",
    "prm.sealing",
    "prm.automations",
    "prm.customfields",
    "prm.approvals",
    "prm.catalogue",
    "prm.customers",
    "prm.spreadsheets",
    "prm.exchange",
    "partners",
    "dealreg",
    "orders",
    "rebates",
    "payouts",
    "claims",
]
INSTALLED_APPS = [*SHARED_APPS, *[app for app in TENANT_APPS if app not in SHARED_APPS]]
TENANT_MODEL = "tenancy.Tenant"
TENANT_DOMAIN_MODEL = "tenancy.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
PG_EXTRA_SEARCH_PATHS = ["extensions"]
SKIP_PG_EXTRA_VALIDATION = True  # it would ask the database at each start; slugs cannot be "extensions"
PUBLIC_SCHEMA_NAME = "public"
# The schema is said once to a connection, and again after each rollback and change of tenant: not before each query.
TENANT_LIMIT_SET_CALLS = True
PUBLIC_SCHEMA_URLCONF = "prm.config.urls_public"
ROOT_URLCONF = "prm.config.urls"
TEMPLATE_SCHEMA = "prm_template"

DATABASE_URL = env.text("DATABASE_URL")
DATABASES = {
    "default": {
        **dj_database_url.parse(
            DATABASE_URL or "postgresql://prm@127.0.0.1:1/prm",
            conn_max_age=env.number("PRM_CONN_MAX_AGE", 600),
        ),
        "ENGINE": "django_tenants.postgresql_backend",
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": env.text("PRM_TEST_DATABASE") or None},
    }
}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "connect_timeout": 5,
    }
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:1/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
    }
}

# The reverse proxy's own number for a request is the one that its log and ours share.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True

MIDDLEWARE = [
    "prm.config.proxy.DemoStaysHomeMiddleware",
    "prm.config.health.HealthMiddleware",
    "prm.config.proxy.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "prm.tenancy.middleware.TenantMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "prm.ui.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "prm.accounts.middleware.TenantAuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "prm.accounts.support.middleware.SupportMiddleware",
    "prm.access.middleware.ActorMiddleware",
    "prm.tenancy.operator_access.OperatorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "prm.access.middleware.SignInRequiredMiddleware",
    "prm.accounts.entrance.EntranceMiddleware",
    "prm.ui.middleware.NulByteMiddleware",
    "prm.ui.middleware.DomainErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "prm.ui.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "prm.ui.templatetags.ui"],
        },
    }
]
WSGI_APPLICATION = "prm.config.wsgi.application"

# ---- people ----
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["prm.accounts.backends.EmailBackend", "guardian.backends.ObjectPermissionBackend"]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "prm.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = not DEMO
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
PASSWORD_RESET_TIMEOUT = 4 * 3600
# prm.accounts.guard counts guesses in the database, per account, address and known device.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "login": "prm.accounts.forms.SignInForm",
    "reset_password": "prm.accounts.forms.ResetForm",
    "reset_password_from_key": "prm.accounts.forms.NewPasswordForm",
    "change_password": "prm.accounts.forms.ChangePasswordForm",
    "reauthenticate": "prm.accounts.forms.PasswordAgainForm",
}
MFA_ADAPTER = "prm.accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Qudao"
# A phone's clock may be half a minute off, and a code may be typed as the next begins (RFC 6238, 5.2).
MFA_TOTP_TOLERANCE = 1
# Everybody here came by a letter to their address, so it is verified.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "prm.accounts.forms.CodeForm",
    "reauthenticate": "prm.accounts.forms.CodeAgainForm",
    "activate_totp": "prm.accounts.forms.ActivateForm",
}
USERSESSIONS_TRACK_ACTIVITY = True
# Where a second factor is a must; demo mode shows the pages and asks nobody.
SECOND_FACTOR_ROLES = [] if DEMO else ["administrator", "finance"]

# ---- language, time ----
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# ---- files ----
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/files/"
WHITENOISE_USE_FINDERS = DEMO or DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django_tenants.files.storage.TenantFileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MULTITENANT_RELATIVE_MEDIA_ROOT = "%s"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# ---- mail ----
EMAIL_URL = env.text("EMAIL_URL")
if EMAIL_URL:
    _mail = dj_email_url.parse(EMAIL_URL)
    EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_BACKEND"], _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "prm.notices.mailbox.MailboxBackend"
DEFAULT_FROM_EMAIL = env.text("PRM_FROM_EMAIL", f"qudao@{PUBLIC_HOST}")

# ---- security ----
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
if INTERNAL_SCHEME == "https":
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# ---- other hosts: https to public addresses, and what the operator lists here ----
EGRESS_ALLOW = [allowed_entry(word) for word in env.words("PRM_EGRESS_ALLOW")]

# ---- jobs: Celery carries them, the database is their truth ----
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TENANT_CACHE_SECONDS = 0
JOBS_REAP_SECONDS = env.number("PRM_REAP_SECONDS", 2)
# How long delivered events and what was sent to other hosts stay readable.
EVENTS_DAYS = max(env.number("PRM_EVENTS_DAYS", 60), 1)

# Who wrote a programme version may approve settlements that pay up to this under it, in the programme's currency.
REBATE_AUTHOR_LIMIT = env.number("PRM_REBATE_AUTHOR_LIMIT", 250_000)
LOGGING = logging_config(env.text("PRM_LOG_LEVEL", "INFO"), as_json=not (DEMO or DEBUG))
TEST_RUNNER = "django.test.runner.DiscoverRunner"
# W004: e-mails are unique by a constraint on their lower case, which Django does not look at.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
