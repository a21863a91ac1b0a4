"""The ways out: console, locmem (tests), tencent; `SMS_BACKEND` chooses one."""

from importlib import import_module
from typing import Protocol

from django.conf import settings

from backoffice.sms.backends.answers import Answer

__all__ = ["Answer", "Backend", "chosen"]


class Backend(Protocol):
    """Sends one message; asks the network at most once."""

    def send(self, mobile: str, template: str, values: list[str], text: str) -> Answer:
        """Send to a mainland mobile of 11 digits; the answer says how it went."""


def chosen() -> Backend:
    """The backend of the settings."""
    module = import_module(f"backoffice.sms.backends.{settings.SMS_BACKEND}")
    backend: Backend = module.Backend()
    return backend
