"""Numbers of papers that the shop makes itself."""

import secrets

from django.utils import timezone

LENGTH = 64


def new_reference(prefix: str) -> str:
    """`AD20261123-9F3A21C4`: readable, and not made twice.

    A form carries it from when it is shown, so that what is sent twice is booked once.
    """
    day = timezone.localtime().strftime("%Y%m%d")
    return f"{prefix}{day}-{secrets.token_hex(4).upper()}"
