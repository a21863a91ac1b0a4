"""Runs the Postman collection by newman against a demo shop that is running.

URL says where (default: this machine, PORT or 8000). The password is that of
DEMO_ADMIN_PASSWORD, or the one that `make run` made and keeps in var/. newman comes from
npm, once, into var/newman.
"""

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "postman"
NEWMAN = "newman@6.2.2"


def password() -> str:
    """Of the demo's people; ends with a sentence where nobody knows it."""
    given = os.environ.get("DEMO_ADMIN_PASSWORD", "")
    kept = ROOT / "var" / "demo_admin_password"
    if not given and kept.is_file():
        given = kept.read_text(encoding="utf-8").strip()
    if not given:
        sys.exit("Give the demo's password: DEMO_ADMIN_PASSWORD=… make postman")
    return given


def require_shop(url: str) -> None:
    """End with a sentence where no shop answers."""
    try:
        urllib.request.urlopen(f"{url}/healthz", timeout=10).close()  # noqa: S310 - http of ours
    except (urllib.error.URLError, OSError, ValueError) as error:
        sys.exit(f"No shop answers at {url} ({error}); start one by `make run`.")


def newman() -> Path:
    """The program; fetched where it is not there yet."""
    place = ROOT / "var" / "newman"
    program = place / "node_modules" / ".bin" / "newman"
    if not program.is_file():
        npm = shutil.which("npm")
        if npm is None:
            sys.exit("npm is missing (Debian: apt-get install nodejs npm).")
        print(f"Fetching {NEWMAN}.", flush=True)
        place.mkdir(parents=True, exist_ok=True)
        options = ["--silent", "--no-fund", "--no-audit", "--prefix", str(place)]
        subprocess.run([npm, "install", *options, NEWMAN], check=True)  # noqa: S603 - npm itself
    return program


def main() -> int:
    url = os.environ.get("URL", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
    url = url.rstrip("/")
    require_shop(url)
    command = [
        *(str(newman()), "run", "storefront.postman_collection.json"),
        *("--environment", "storefront.postman_environment.json"),
        *("--env-var", f"baseUrl={url}/api/v1"),
        *("--env-var", f"password={password()}"),
        *("--reporters", "cli", "--reporter-cli-no-banner"),
        *("--reporter-cli-no-success-assertions", "--color", "off"),
        *sys.argv[1:],
    ]
    return subprocess.run(command, cwd=FOLDER, check=False).returncode  # noqa: S603 - newman itself


if __name__ == "__main__":
    sys.exit(main())
