"""Refusals of this app."""

from backoffice.base.errors import DomainError


class WrongMobile(DomainError):
    """Not a mobile number to which a message could be sent."""
