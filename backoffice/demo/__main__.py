"""`python -m backoffice.demo`, which is `make run`.

The settings need a secret key before anything else can start, so this makes one and
hands over to `manage.py demo`.
"""

import os
import secrets
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from backoffice.env import Environment, UnreadableSetting

BASE_DIR = Path(__file__).resolve().parent.parent.parent

NOT_THE_DEMO = (
    "SECRET_KEY is set, so this is not the demo shop, and `make run` would fill a shop "
    "of yours with demo goods. Unset it (in the environment and in .env) to start the "
    "demo, set DEMO=on to start the demo with this key, or start your own shop as "
    "docs/operations.md says."
)


def make_secret_key(path: Path) -> None:
    """A key of our own in `path`, readable by this user only; made once."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.is_file() and path.stat().st_size:
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(50))
    draft.replace(path)


def main() -> None:
    """Make the key, then start the demo; ends with a sentence where it cannot."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    try:
        env = Environment(BASE_DIR / ".env")
        if env.is_set("SECRET_KEY"):
            if not env.flag("DEMO"):
                sys.exit(NOT_THE_DEMO)
        else:
            make_secret_key(BASE_DIR / "var" / "secret_key")
        execute_from_command_line(["manage.py", "demo"])
    except UnreadableSetting as error:
        sys.exit(f"The shop cannot start: {error}")
    except OSError as error:
        sys.exit(f"The shop cannot start: {error.strerror}: {error.filename}")


if __name__ == "__main__":
    main()
