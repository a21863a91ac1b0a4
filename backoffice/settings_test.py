"""Settings of the test suite: as production, with cheap passwords and no outside."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("HTTPS", "off")
os.environ.setdefault("DEMO", "off")
os.environ["SMS_BACKEND"] = "locmem"
os.environ["ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
_SCRATCH = Path(tempfile.mkdtemp(prefix="shop-tests-"))
os.environ["MEDIA_ROOT"] = str(_SCRATCH / "media")
os.environ["PRIVATE_ROOT"] = str(_SCRATCH / "private")
# TEST_DATABASE_URL chooses the engine; by default a SQLite file of its own
os.environ["DATABASE_URL"] = os.environ.get(
    "TEST_DATABASE_URL", f"sqlite:///{_SCRATCH / 'test.sqlite3'}"
)

from backoffice.settings import *  # noqa: E402, F403 - after the environment is set
from backoffice.settings import DATABASES, IS_SQLITE, STORAGES  # noqa: E402

# races need several connections, so SQLite uses a file, not memory
_SUFFIX = os.environ.get("TEST_DATABASE_SUFFIX", "")
DATABASES["default"]["TEST"] = {
    "NAME": str(_SCRATCH / "test.sqlite3") if IS_SQLITE else f"test_backoffice{_SUFFIX}"
}
DATABASES["default"]["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT = _SCRATCH / "static"
STATIC_ROOT.mkdir()
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "backoffice_cache",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
