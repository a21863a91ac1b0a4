"""Keeps messages in the process, for tests: `outbox` like Django's for mail."""

from typing import NamedTuple

from backoffice.sms.backends.answers import Answer
from backoffice.sms.enums import Outcome


class Sent(NamedTuple):
    mobile: str
    template: str
    values: list[str]
    text: str


outbox: list[Sent] = []
#: what the next sends answer instead of success, the first first
answers: list[Answer] = []


class Backend:
    """Appends to `outbox`."""

    def send(self, mobile: str, template: str, values: list[str], text: str) -> Answer:
        """Keep it; answer as told, else with success."""
        outbox.append(Sent(mobile, template, values, text))
        return answers.pop(0) if answers else Answer(Outcome.SENT)
