"""Start the WeChat Pay simulator, for the demo and for developing."""

import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sales.simulator import Simulator

PORT = 8191
DIRECTORY = "wechat_simulator"


class Command(BaseCommand):
    help = (
        "Starts a stand-in for WeChat Pay on this machine (v2 and v3), with a page to "
        "press pay on. For the demo and for developing; refuses everywhere else."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=PORT, help="0: a free one")
        parser.add_argument(
            "--directory",
            type=Path,
            help=f"Where keys and books lie (var/{DIRECTORY}).",
        )
        parser.add_argument(
            "--speed",
            type=float,
            default=1.0,
            help="How many times as fast notices are repeated and refunds succeed.",
        )
        parser.add_argument(
            "--refund-seconds",
            type=float,
            default=5.0,
            help="How long a refund is under way; below 0: until the page ends it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or settings.DEMO):
            raise CommandError(
                "This shop is real (neither DEBUG nor DEMO is on), and the simulator "
                "would take play money for it."
            )
        if options["speed"] <= 0:
            raise CommandError("--speed must be above 0.")
        seconds = options["refund_seconds"]
        directory = options["directory"] or settings.BASE_DIR / "var" / DIRECTORY
        # a shell lets what it starts in the background ignore SIGINT
        for end in (signal.SIGTERM, signal.SIGINT):
            signal.signal(end, signal.default_int_handler)
        try:
            simulator = Simulator(
                directory,
                port=options["port"],
                speed=options["speed"],
                refund_seconds=None if seconds < 0 else seconds,
            )
        except OSError as error:
            raise CommandError(f"It cannot listen: {error.strerror}.") from None
        try:
            with simulator:
                self.stdout.write(f"WeChat Pay simulator: {simulator.base_url}/")
                self.stdout.flush()
                signal.pause()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
