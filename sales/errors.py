"""Refusals of the sales floor, in the storefront's words (design of the JSON contract)."""

from backoffice.base.errors import DomainError


class NoSuchOrder(DomainError):
    """There is no such order, or it is somebody else's."""

    slug = "not_found"
    http_status = 404


class NoSuchLine(DomainError):
    """There is no such line in this cart or order."""

    slug = "not_found"
    http_status = 404


class NoSuchAddress(DomainError):
    """There is no such address of this customer."""

    slug = "not_found"
    http_status = 404


class NotOnSale(DomainError):
    """Goods, or a selling unit of them, cannot be bought; `goods` names all."""

    slug = "not_on_sale"
    http_status = 409


class BelowMinimum(DomainError):
    """Lines below the least quantity of their selling unit; `goods` names all."""

    slug = "below_minimum"
    http_status = 409


class OutOfStock(DomainError):
    """Less is available than asked for; `goods` names all that are short."""

    slug = "out_of_stock"
    http_status = 409


class MinimumOrder(DomainError):
    """The goods total does not reach the shop's minimum; `quote` has the figures."""

    slug = "minimum_order"
    http_status = 409


class PriceChanged(DomainError):
    """A price rose, or more is to pay than the customer saw; `quote` is the new one."""

    slug = "price_changed"
    http_status = 409


class NotEnoughPoints(DomainError):
    """The points are not there any more."""

    slug = "not_enough_points"
    http_status = 409


class TooManyUnpaid(DomainError):
    """The customer has as many unpaid orders as the shop allows."""

    slug = "too_many_unpaid"
    http_status = 409


class NoOpenid(DomainError):
    """WeChat Pay needs an account that is bound to WeChat."""

    slug = "no_openid"
    http_status = 409


class GatewayAway(DomainError):
    """WeChat Pay cannot be reached, or does not say what became of the call."""

    slug = "gateway_error"
    http_status = 502


class RefundLimit(DomainError):
    """More than is left to refund, too often, or too late."""

    slug = "refund_limit"
    http_status = 409


class KeyReused(DomainError):
    """An idempotency key came again with another body."""

    slug = "idempotency_key_reused"
    http_status = 400


class WrongWeight(DomainError):
    """A weight that is not one, or beyond what may be given away."""


class WrongCode(DomainError):
    """The pick-up code is not this order's."""


class RefundInTheWay(DomainError):
    """An open refund of the whole order blocks the hand-over."""

    slug = "wrong_status"
    http_status = 409
