"""`python -m media_client.standin`: a stand-in file server until Ctrl-C."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from media_client.standin.config import Config
from media_client.standin.server import StandIn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--root", type=Path, default=Path("standin"))
    parser.add_argument("--peer", action="append", default=[], help="http://host:port")
    parser.add_argument("--no-dedupe", action="store_true")
    parser.add_argument("--token-url", default="", help="auth_url")
    args = parser.parse_args()
    config = Config(
        peers=args.peer,
        enable_distinct_file=not args.no_dedupe,
        auth_url=args.token_url,
    )
    server = StandIn(args.root, config, port=args.port)
    server.start()
    sys.stdout.write(f"{server.url}/{config.group}\n")
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):
        server.wait()
    server.stop()


if __name__ == "__main__":
    main()
