"""All settings, read strictly from the environment and `.env` (see `.env.example`).

Three kinds of start: the **demo** (`make run`, which leaves its secret key in `var/`),
**production** (SECRET_KEY given; everything hardened) and **tests** (settings_test).
"""

import re
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import environ
import sentry_sdk

from backoffice.base import sentry
from backoffice.env import Environment, UnreadableSetting

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
env = Environment(BASE_DIR / ".env")

VERSION = re.search(
    r"^## (\S+)", (BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
)[1]  # type: ignore[index]

# --- what kind of start -------------------------------------------------------

DEMO_KEY_FILE = VAR_DIR / "secret_key"
DEBUG = env.flag("DEBUG", False)
# The demo is recognised by the key that `make run` made; production sets its own.
DEMO = env.flag("DEMO", not env.is_set("SECRET_KEY") and DEMO_KEY_FILE.is_file())

# Chosen instead of made; read by `make run` alone.
DEMO_ADMIN_PASSWORD = env.text("DEMO_ADMIN_PASSWORD")

SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY and DEMO and not env.is_set("SECRET_KEY") and DEMO_KEY_FILE.is_file():
    SECRET_KEY = DEMO_KEY_FILE.read_text(encoding="ascii").strip()
if not SECRET_KEY:
    raise UnreadableSetting(
        "SECRET_KEY is not set. Give it in the environment or in .env (50 random "
        "characters), or start the demo shop with `make run`, which makes its own."
    )
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")

HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 8000, least=1, most=65535)
WEB_WORKERS = env.number("WEB_WORKERS", 1, least=1, most=64)
WEB_THREADS = env.number("WEB_THREADS", 4, least=1, most=64)
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", f"localhost,127.0.0.1,[::1],{HOST}" if DEMO or DEBUG else ""
)
if DEMO and HOST in ("0.0.0.0", "::") and not env.is_set("ALLOWED_HOSTS"):  # noqa: S104 - compared, not bound
    ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")


def _networks(text: str) -> list:
    return [ip_network(word.strip()) for word in text.split(",") if word.strip()]


# Only behind these is X-Forwarded-For believed (addresses or networks).
TRUSTED_PROXIES = env.parsed("TRUSTED_PROXIES", _networks, "")

# --- the house ----------------------------------------------------------------

INSTALLED_APPS = [
    # first, so that its templates win over Django's; ours in templates/ win over both
    "simpleui",
    "backoffice.apps.BackofficeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "axes",
    "django_q",
    "import_export",
    "simple_history",
    "backoffice.apps.BackofficeConfig",
    "backoffice.oplog",
    "backoffice.shop",
    "backoffice.sms",
    "backoffice.accounts",
    "backoffice.jobs",
    "backoffice.files",
    "backoffice.books",
    "backoffice.sheets",
    "catalog",
    "stock",
    "sales",
]

MIDDLEWARE = [
    "backoffice.base.middleware.RequestContextMiddleware",
    "backoffice.base.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # API, pictures and health end here: no session, user or cookie below concerns them
    "backoffice.base.direct.DirectMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # the second wall behind every view's own check
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    # under a path of our own: simpleui removes Django's from this list at start-up
    "backoffice.base.middleware.FrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- database, cache, queue -----------------------------------------------------


def _database(url: str) -> dict[str, Any]:
    """Without a known beginning, environ would print the address with its password."""
    if url.split("://", 1)[0] not in ("postgres", "postgresql", "sqlite"):
        raise ValueError(
            "it must look like postgres://user:password@host:5432/name or "
            "sqlite:////path/shop.sqlite3; other databases are not supported."
        )
    return dict(environ.Env.db_url_config(url))


DATABASES: dict[str, Any] = {
    "default": env.parsed(
        "DATABASE_URL", _database, f"sqlite:///{VAR_DIR / 'shop.sqlite3'}"
    )
}
DATABASE = DATABASES["default"]
CONN_MAX_AGE = env.number("DATABASE_CONN_MAX_AGE", 60, least=0)
IS_SQLITE = DATABASE["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    # IMMEDIATE: a read that turns into a write in a deferred transaction fails at once
    # instead of waiting. FULL: a commit that was answered survives a power cut.
    DATABASE["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    DATABASE["CONN_MAX_AGE"] = CONN_MAX_AGE
    DATABASE["CONN_HEALTH_CHECKS"] = True

REDIS_URL = env.url("REDIS_URL", ("redis", "rediss", "unix"))
CACHES: dict = {
    "default": {
        "BACKEND": "backoffice.base.rediscache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "shop",
        # one that hangs must not hang the shop; most gets along without it
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "backoffice_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
# The queue writes its own pulse twice a second; in the database's cache table that would
# be a write each time. Whether it lives is seen from the tasks, see backoffice.jobs.
CACHES["queue"] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
SESSION_ENGINE = (
    "django.contrib.sessions.backends.cached_db"
    if REDIS_URL
    else "django.contrib.sessions.backends.db"
)

Q_CLUSTER: dict[str, Any] = {
    "name": "shop",
    # at-least-once: a task whose worker dies is given out again after `retry` seconds;
    # the Redis broker would lose it
    "orm": "default",
    # SQLite has no row locks: one cluster, one writer
    "workers": env.number("TASK_WORKERS", 1 if IS_SQLITE else 2, least=1, most=32),
    "timeout": 300,
    "retry": 360,
    "max_attempts": 5,
    "ack_failures": False,
    "catch_up": False,
    "poll": 1,
    # results are swept by a job of ours; the queue would read them all after each task
    "save_limit": 0,
    "cache": "queue",
    "max_rss": 600_000,
    "recycle": 500,
    "label": "Jobs",
}

# --- people ---------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    # first: it refuses while an account is locked for this address
    "axes.backends.AxesStandaloneBackend",
    "backoffice.accounts.backends.AccountBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "backoffice.accounts.validators.MinimumLengthValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

AXES_FAILURE_LIMIT = env.number("LOGIN_FAILURES", 5, least=1)
AXES_COOLOFF_TIME = 0.25  # hours: a quarter of an hour after the last failure
# account and address together: a stranger cannot lock out a member of staff
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# who tries while locked is turned away unread; the quarter of an hour does not begin anew
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# the operation log keeps sign-ins and failures
AXES_DISABLE_ACCESS_LOG = True
AXES_CLIENT_IP_CALLABLE = "backoffice.accounts.lockout.address_key"
AXES_USERNAME_CALLABLE = "backoffice.accounts.lockout.account_key"
AXES_LOCKOUT_CALLABLE = "backoffice.accounts.lockout.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "password"]
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "backoffice.error_pages.csrf_failure"
CSRF_COOKIE_HTTPONLY = False  # the admin's own scripts send it back as a header

# The mini-program whose customers sign in with WeChat; without it they cannot.
WECHAT_APPID = env.text("WECHAT_APPID")
WECHAT_SECRET = env.text("WECHAT_SECRET")
WECHAT_API_BASE = env.url(
    "WECHAT_API_BASE", ("https", "http"), "https://api.weixin.qq.com"
).rstrip("/")

# --- WeChat Pay -------------------------------------------------------------------

# Without a merchant's number orders cannot be paid by WeChat; `make run` simulates one.
WECHAT_PAY_API = env.choice("WECHAT_PAY_API", "v3", ("v2", "v3"))
WECHAT_PAY_MCH_ID = env.text("WECHAT_PAY_MCH_ID")
WECHAT_PAY_APPID = env.text("WECHAT_PAY_APPID", WECHAT_APPID)
WECHAT_PAY_NOTIFY_BASE = env.url("WECHAT_PAY_NOTIFY_BASE", ("https", "http")).rstrip(
    "/"
)
WECHAT_PAY_BASE_URL = env.url(
    "WECHAT_PAY_BASE_URL", ("https", "http"), "https://api.mch.weixin.qq.com"
).rstrip("/")
WECHAT_PAY_PRIVATE_KEY_PATH = env.text("WECHAT_PAY_PRIVATE_KEY_PATH")
WECHAT_PAY_V2_KEY = env.text("WECHAT_PAY_V2_KEY")
WECHAT_PAY_V2_SIGN_TYPE = env.choice(
    "WECHAT_PAY_V2_SIGN_TYPE", "MD5", ("MD5", "HMAC-SHA256")
)
WECHAT_PAY_CERTIFICATE_PATH = env.text("WECHAT_PAY_CERTIFICATE_PATH")
WECHAT_PAY_V3_KEY = env.text("WECHAT_PAY_V3_KEY")
WECHAT_PAY_SERIAL_NO = env.text("WECHAT_PAY_SERIAL_NO")
WECHAT_PAY_PUBLIC_KEY_PATH = env.text("WECHAT_PAY_PUBLIC_KEY_PATH")
WECHAT_PAY_PUBLIC_KEY_ID = env.text("WECHAT_PAY_PUBLIC_KEY_ID")

# --- SMS ------------------------------------------------------------------------


def _pairs(text: str) -> dict[str, str]:
    """low_stock=1234567, other=7654321"""
    pairs: dict[str, str] = {}
    for word in filter(None, (w.strip() for w in text.split(","))):
        name, sign, value = word.partition("=")
        if not (sign and name.strip() and value.strip()):
            raise ValueError("it must look like low_stock=1234567,…")
        pairs[name.strip()] = value.strip()
    return pairs


SMS_BACKEND = env.choice("SMS_BACKEND", "console", ("console", "tencent", "locmem"))
TENCENTCLOUD_SECRET_ID = env.text("TENCENTCLOUD_SECRET_ID")
TENCENTCLOUD_SECRET_KEY = env.text("TENCENTCLOUD_SECRET_KEY")
SMS_APP_ID = env.text("SMS_APP_ID")
SMS_SIGN_NAME = env.text("SMS_SIGN_NAME")
SMS_TEMPLATES = env.parsed("SMS_TEMPLATES", _pairs, "")
SMS_REGION = env.text("SMS_REGION", "ap-guangzhou")
SMS_ENDPOINT = env.url(
    "SMS_ENDPOINT", ("https", "http"), "https://sms.tencentcloudapi.com"
)
SMS_TIMEOUT = env.number("SMS_TIMEOUT", 10, least=1, most=30)
SMS_PARAM_LENGTH = env.number("SMS_PARAM_LENGTH", 6, least=1, most=100)

# --- safety ---------------------------------------------------------------------

# HTTPS everywhere but in the demo and while developing
HTTPS = env.flag("HTTPS", not (DEBUG or DEMO))
HTTPS_REDIRECT = env.flag("HTTPS_REDIRECT", True)
SECURE_SSL_REDIRECT = HTTPS and HTTPS_REDIRECT
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 31_536_000 if HTTPS else 0, least=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"  # pop-up forms of the admin stand in frames of our own
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
# Ours never imports by the library's own pages, so what it would do is least:
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "add"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"
IMPORT_EXPORT_USE_TRANSACTIONS = True

# --- words, time, files -----------------------------------------------------------

LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "zh-hans", ("zh-hans", "en"))
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "backoffice" / "locale"]
TIME_ZONE = env.timezone("TIME_ZONE", "Asia/Shanghai")
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "media/"
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(VAR_DIR / "media")))
# Empty: pictures lie in MEDIA_ROOT. Set: on this go-fastdfs server, see backoffice.storage.
FILE_SERVER_URL = env.url("FILE_SERVER_URL", ("http", "https")).rstrip("/")
FILE_SERVER_PUBLIC_URL = env.url("FILE_SERVER_PUBLIC_URL", ("http", "https")).rstrip(
    "/"
)
FILE_SERVER_GROUP = env.text("FILE_SERVER_GROUP", "group1")
FILE_SERVER_TOKEN = env.text("FILE_SERVER_TOKEN")
FILE_SERVER_SCENE = env.text("FILE_SERVER_SCENE")
FILE_SERVER_SIGN = env.flag("FILE_SERVER_SIGN", False)
FILE_SERVER_TIMEOUT = env.number("FILE_SERVER_TIMEOUT", 30, least=1, most=600)
FILE_SERVER_UPLOADS = env.flag("FILE_SERVER_UPLOADS", True)
STORAGES = {
    "default": {
        "BACKEND": "backoffice.storage.FileServerStorage"
        if FILE_SERVER_URL
        else "backoffice.storage.LocalStorage"
    },
    # sheets that were handed in and reports: never served by address
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": str(
                Path(env.text("PRIVATE_ROOT", str(VAR_DIR / "private"))).resolve()
            ),
            "base_url": None,
        },
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "backoffice.base.static.HashedStaticFilesStorage"
    },
}
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_USE_FINDERS = DEBUG

# --- history, theme -----------------------------------------------------------------

SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_REVERT_DISABLED = True
# the logs have indexes of their own
SIMPLE_HISTORY_DATE_INDEX = False
SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = False
SIMPLEUI_ANALYSIS = False
SIMPLEUI_HOME_INFO = False
SIMPLEUI_HOME_QUICK = False
SIMPLEUI_HOME_ACTION = False
SIMPLEUI_LOGIN_PARTICLES = False
SIMPLEUI_STATIC_OFFLINE = True
SIMPLEUI_LOADING = False
SIMPLEUI_DEFAULT_THEME = "black.css"

# --- what operators see ---------------------------------------------------------------

LOG_LEVEL = env.choice(
    "LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
)
LOG_FORMAT = env.choice(
    "LOG_FORMAT", "text" if DEMO or DEBUG else "json", ("text", "json")
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "backoffice.base.logs.JsonFormatter"},
        "text": {"()": "backoffice.base.logs.TextFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": "INFO" if LOG_LEVEL == "DEBUG" else LOG_LEVEL},
        # each request is logged once, by RequestContextMiddleware
        "django.server": {"level": "WARNING"},
        "django-q": {"level": "WARNING"},
        "PIL": {"level": "INFO"},
        # at DEBUG they write addresses and bodies with the secrets of WeChat
        "urllib3": {"level": "INFO"},
        "wechatpy": {"level": "INFO"},
        "wechatpayv3": {"level": "INFO"},
        # at DEBUG it writes whole requests, with numbers in them
        "tencentcloud_sdk_common": {"level": "WARNING"},
    },
}

SENTRY_DSN = env.url("SENTRY_DSN", ("http", "https"))
SENTRY_ENVIRONMENT = env.text("SENTRY_ENVIRONMENT", "demo" if DEMO else "production")
if SENTRY_DSN and "pytest" not in sys.modules:
    sentry_sdk.init(
        **sentry.options(
            SENTRY_DSN,
            release=f"backoffice@{VERSION}",
            environment=SENTRY_ENVIRONMENT,
        )
    )

SILENCED_SYSTEM_CHECKS = [
    # the header is there, by a middleware of ours that simpleui does not know
    "security.W002",
    # user names are unique whatever their case, by a constraint on LOWER(username)
    "auth.W004",
    # the cookie must be read by the admin's scripts, see CSRF_COOKIE_HTTPONLY
    "security.W017",
    # SAMEORIGIN on purpose, see X_FRAME_OPTIONS
    "security.W019",
]
