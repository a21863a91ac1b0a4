"""Fill the demo shop in, without starting it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backoffice.demo.seed import NotTheDemo, seed


class Command(BaseCommand):
    help = "Fills the demo shop in where it is not yet; `make run` does it by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not the demo shop (DEMO is off).")
        try:
            if not seed(self.stdout.write):
                self.stdout.write("The demo shop is filled in already.")
        except NotTheDemo as error:
            raise CommandError(str(error)) from None
