"""How often somebody may try, by address and by account.

Addresses are those of `lockout.address_key`: behind a proxy the real one, of an IPv6
line its first half.
"""

from django.http import HttpRequest

from backoffice.accounts.lockout import address_key
from backoffice.base.api.throttling import Limit, hit
from backoffice.shop import shop

#: tries to register one mobile
REGISTER_ONE = Limit("register-one", 10, 3600)
#: wrong passwords from somebody who is signed in
OLD_PASSWORD = Limit("old-password", 10, 600)
#: of one WeChat account
WECHAT_ONE = Limit("wechat-one", 20, 60)
FILES = Limit("files", 120, 600)
FILES_ONE = Limit("files-one", 30, 600)
REFRESH = Limit("refresh", 120, 60)
REFRESH_ONE = Limit("refresh-one", 30, 60)


def by_address(request: HttpRequest, limit: Limit) -> None:
    """Count a try from this address. Raises Throttled."""
    hit(limit, address_key(request))


def login_by_address(request: HttpRequest) -> None:
    """Count a sign-in from this address. Raises Throttled."""
    by_address(request, Limit("login", shop.LOGIN_PER_MINUTE, 60))


def wechat_by_address(request: HttpRequest) -> None:
    """Count a code of WeChat's from this address. Raises Throttled."""
    by_address(request, Limit("wechat", shop.LOGIN_PER_MINUTE, 60))


def register_by_address(request: HttpRequest) -> None:
    """Count a registration from this address. Raises Throttled."""
    by_address(request, Limit("register", shop.REGISTER_PER_HOUR, 3600))
