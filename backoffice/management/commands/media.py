"""manage.py media status | move | orphans: the shop's files and where they lie."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backoffice.files import moving, orphans, summary
from backoffice.files.stores import default_store
from backoffice.storage import client_for
from media_client import MediaClient, MediaError


class Command(BaseCommand):
    help = "Tells of the shop's files, moves them to a file server or back, cleans up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        status = acts.add_parser("status", help="counts, bytes, failures")
        move = acts.add_parser("move", help="move all files, while the shop runs")
        move.add_argument(
            "--to", required=True, help="the file server's address, or `disk`"
        )
        clean = acts.add_parser("orphans", help="find and remove what nothing names")
        clean.add_argument(
            "--dry-run", action="store_true", help="only say what would be removed"
        )
        for act in (status, move, clean):
            act.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        act = {"status": self._status, "move": self._move, "orphans": self._orphans}
        act[options["act"]](options)

    def _answer(self, found: dict[str, Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        for name, value in found.items():
            if name != "names":
                self.stdout.write(f"{name}: {value}")
        for name in found.get("names", []):
            self.stdout.write(f"  {name}")

    def _status(self, options: dict[str, Any]) -> None:
        self._answer(summary.of_files(), options)

    def _orphans(self, options: dict[str, Any]) -> None:
        try:
            found = orphans.clean(dry_run=options["dry_run"])
        except MediaError as error:
            raise CommandError(str(error)) from error
        self._answer({"dry_run": options["dry_run"], **vars(found)}, options)

    def _move(self, options: dict[str, Any]) -> None:
        client, to_server = self._where(options["to"])
        began = last = time.monotonic()

        def _say(progress: moving.Progress) -> None:
            nonlocal last
            now = time.monotonic()
            if options["json"] or (now - last < 1 and progress.done < progress.total):
                return
            last = now
            rate = progress.done / max(now - began, 0.001)
            left = (progress.total - progress.done) / max(rate, 0.001)
            self.stdout.write(
                f"{progress.done} / {progress.total}, {progress.bytes / 2**20:.1f} MB, "
                f"{rate:.0f} a second, {left:.0f} s left, {progress.failed} failed"
            )

        try:
            client.health()
            progress = moving.move(
                default_store(), client, to_server=to_server, say=_say
            )
        except MediaError as error:
            raise CommandError(f"The file server: {error}") from error
        self._answer(progress.as_dict(), options)
        if to_server and not settings.FILE_SERVER_URL and not options["json"]:
            self.stdout.write(
                f"Now set FILE_SERVER_URL={options['to']} and start the shop anew."
            )
        if progress.failed:
            raise CommandError(
                f"{progress.failed} files were not moved and lie where they were; the "
                "log says why. Run it again."
            )

    def _where(self, to: str) -> tuple[MediaClient, bool]:
        if to.startswith(("http://", "https://")):
            here = settings.FILE_SERVER_URL
            if here and here.rstrip("/") != to.rstrip("/"):
                raise CommandError(
                    f"The shop's file server is {here}. Move the files to the disk, set "
                    "the other server, and move them there."
                )
            try:
                return client_for(to.rstrip("/")), True
            except MediaError as error:
                raise CommandError(str(error)) from error
        if to not in ("disk", "local"):
            raise CommandError("--to is the address of a file server, or `disk`.")
        client = default_store().client
        if client is None:
            raise CommandError("Without FILE_SERVER_URL all files lie on the disk.")
        if settings.FILE_SERVER_UPLOADS:
            self.stderr.write(
                "New pictures still go to the file server: set FILE_SERVER_UPLOADS=off, "
                "start the shop anew, and run this again."
            )
        return client, False
