"""What can go wrong with WeChat, by what the storefront does about it."""

from backoffice.base.errors import DomainError


class WechatError(DomainError):
    """It cannot be reached, or does not answer as it should."""

    slug = "gateway_error"
    http_status = 502


class CodeRefused(WechatError):
    """The code is wrong, too old or used: the client asks WeChat for a new one."""

    slug = "invalid"
    http_status = 400


class PersonRefused(WechatError):
    """WeChat takes this person for a risk, or their mobile is not of the mainland."""

    slug = "forbidden"
    http_status = 403


class TooOften(WechatError):
    """WeChat wants us to wait."""

    slug = "throttled"
    http_status = 429
    #: seconds
    wait = 60


class NotSetUp(WechatError):
    """The shop has no mini-program, so there is nothing at this address."""

    slug = "not_found"
    http_status = 404
