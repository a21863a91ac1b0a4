"""SMS on the command line: the texts for the vendor, and a test."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice.base.commands import (
    acting_user,
    add_user_argument,
    command_context,
    exit_if_refused,
)
from backoffice.base.errors import DomainError
from backoffice.sms import sending
from backoffice.sms.enums import SmsStatus
from backoffice.sms.models import SmsMessage
from backoffice.sms.templates import TEMPLATES


class Command(BaseCommand):
    help = "Shows the texts that a vendor has to approve, and sends a test."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="act")
        acts.add_parser("templates", help="the texts to hand in at the vendor")
        test = acts.add_parser("test", help="send a test now, also in quiet hours")
        test.add_argument("mobile")
        add_user_argument(test)

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['act']}")(options)

    def _templates(self, options: dict[str, Any]) -> None:
        for template in TEMPLATES.values():
            self.stdout.write(f"{template.name}  {template.vendor_text()}")

    def _test(self, options: dict[str, Any]) -> None:
        by = acting_user(options)
        try:
            with command_context(by):
                message = sending.send_test(options["mobile"], by=by)
        except DomainError as error:
            raise CommandError(str(error)) from None
        sending.deliver(message.pk)
        message = SmsMessage.objects.get(pk=message.pk)
        self.stdout.write(
            f"{message.shown_mobile}: {message.get_status_display()} {message.error}"
        )
        exit_if_refused(message.status != SmsStatus.SENT)
