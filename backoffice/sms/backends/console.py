"""Writes the message into the log instead of sending it, for a trial."""

import logging

from backoffice.base.masking import mask_text
from backoffice.sms.backends.answers import Answer
from backoffice.sms.enums import Outcome

logger = logging.getLogger("backoffice.sms")


class Backend:
    """Nothing leaves the house."""

    def send(self, mobile: str, template: str, values: list[str], text: str) -> Answer:
        """Log it with the number masked."""
        logger.info("SMS to %s: %s", mask_text(mobile), text)
        return Answer(Outcome.SENT, code="console")
