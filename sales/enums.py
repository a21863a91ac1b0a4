"""The words of sales; anyone may import them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrderStatus(models.TextChoices):
    """Where an order stands."""

    PENDING = "pending", _("Awaiting payment")
    PAID = "paid", _("Paid")
    READY = "ready", _("Ready for pick-up")
    SHIPPED = "shipped", _("Shipped")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")
    CLOSED = "closed", _("Closed")


#: the goods have left the shop
HANDED_OVER = (OrderStatus.SHIPPED, OrderStatus.COMPLETED)
#: money has come in and the order goes on
ALIVE = (
    OrderStatus.PAID,
    OrderStatus.READY,
    OrderStatus.SHIPPED,
    OrderStatus.COMPLETED,
)
#: paid, and the goods are still in the shop
IN_THE_SHOP = (OrderStatus.PAID, OrderStatus.READY)


class Delivery(models.TextChoices):
    """How the goods reach the customer."""

    HOME = "home", _("Home delivery")
    PICKUP = "pickup", _("Pick-up")
    EXPRESS = "express", _("Express")


#: these need an address
DELIVERED = (Delivery.HOME, Delivery.EXPRESS)


class Source(models.TextChoices):
    """Where an order was placed."""

    STOREFRONT = "storefront", _("Storefront")
    COUNTER = "counter", _("At the counter")
    PHONE = "phone", _("By phone")


class Channel(models.TextChoices):
    """How a payment comes in."""

    WECHAT = "wechat", _("WeChat Pay")
    CASH = "cash", _("Cash")
    TRANSFER = "transfer", _("Transfer")
    POINTS = "points", _("Points only")


#: what staff take by hand
BY_HAND = (Channel.CASH, Channel.TRANSFER)


class PaymentStatus(models.TextChoices):
    """Where one attempt to pay stands."""

    CREATED = "created", _("Not yet paid")
    PAID = "paid", _("Paid")
    CLOSED = "closed", _("Closed")
    FAILED = "failed", _("Failed")


class Trouble(models.TextChoices):
    """Why a payment or refund does not go on by itself; "" where it does."""

    UNKNOWN = "unknown", _("No answer from WeChat Pay yet")
    MISMATCH = "mismatch", _("What arrived does not fit")
    CONFIGURATION = "configuration", _("The gateway is set up wrongly")
    REFUSED = "refused", _("Refused by WeChat Pay")
    NOT_ENOUGH = "not_enough", _("Not enough money in the merchant's account")
    CLOSED = "closed", _("WeChat Pay closed the refund")
    ABNORMAL = "abnormal", _("The customer's account takes no money")


#: the gateway said for certain that this refund will not happen by this number
REFUND_REFUSED = (Trouble.REFUSED, Trouble.CLOSED)
#: somebody has to look; UNKNOWN alone goes on by itself
ALARMS = (
    Trouble.MISMATCH,
    Trouble.CONFIGURATION,
    Trouble.REFUSED,
    Trouble.NOT_ENOUGH,
    Trouble.CLOSED,
    Trouble.ABNORMAL,
)


class ExchangeKind(models.TextChoices):
    """What was said between the shop and WeChat Pay."""

    CREATE = "create", _("Order made")
    QUERY = "query", _("Asked")
    CLOSE = "close", _("Closed")
    REFUND = "refund", _("Refund sent")
    QUERY_REFUND = "query_refund", _("Refund asked for")
    PAYMENT_NOTICE = "payment_notice", _("Notice of payment")
    REFUND_NOTICE = "refund_notice", _("Notice of refund")


class RefundStatus(models.TextChoices):
    """Where a refund stands."""

    REQUESTED = "requested", _("Requested")
    APPROVED = "approved", _("Approved")
    PROCESSING = "processing", _("In process")
    SUCCEEDED = "succeeded", _("Refunded")
    REJECTED = "rejected", _("Rejected")
    FAILED = "failed", _("Failed")


#: money that may still leave or has left: it counts against what can be refunded
REFUND_COUNTS = (
    RefundStatus.REQUESTED,
    RefundStatus.APPROVED,
    RefundStatus.PROCESSING,
    RefundStatus.SUCCEEDED,
    RefundStatus.FAILED,
)
#: not decided or not finished
REFUND_OPEN = (
    RefundStatus.REQUESTED,
    RefundStatus.APPROVED,
    RefundStatus.PROCESSING,
    RefundStatus.FAILED,
)


class Difference(models.TextChoices):
    """What the gateway's bill and our books do not agree on."""

    PAYMENT_HERE = "payment_here", _("Payment is missing in our books")
    PAYMENT_THERE = "payment_there", _("Payment is missing in the bill")
    PAYMENT_AMOUNT = "payment_amount", _("Amounts of a payment differ")
    PAYMENT_STATUS = "payment_status", _("Paid there, not here")
    REFUND_HERE = "refund_here", _("Refund is missing in our books")
    REFUND_THERE = "refund_there", _("Refund is missing in the bill")
    REFUND_AMOUNT = "refund_amount", _("Amounts of a refund differ")
    REFUND_STATUS = "refund_status", _("Refunded there, not here")


class FindingStatus(models.TextChoices):
    """What became of a difference."""

    OPEN = "open", _("Open")
    BOOKED = "booked", _("Booked")
    SETTLED = "settled", _("Settled by hand")
    GONE = "gone", _("No longer there")


class RefundKind(models.TextChoices):
    """What a refund is reckoned from."""

    QUANTITY = "quantity", _("By quantity")
    AMOUNT = "amount", _("By amount")
    WEIGHT = "weight", _("Weighing difference")
    PAYMENT = "payment", _("Payment that came too late")


#: nobody is asked before these go back
AUTOMATIC = (RefundKind.WEIGHT, RefundKind.PAYMENT)


class Restock(models.TextChoices):
    """What becomes of goods that come back."""

    STOCK = "stock", _("Back to stock")
    WRITE_OFF = "write_off", _("Written off")
    NOTHING = "nothing", _("Stays with the customer")


class PointsKind(models.TextChoices):
    """Why a points balance changed."""

    EARN = "earn", _("Earned")
    SPEND = "spend", _("Spent")
    RETURN = "return", _("Returned")
    CLAW_BACK = "claw_back", _("Taken back")
    ADJUST = "adjust", _("Adjusted")


class Happening(models.TextChoices):
    """What happened to an order, for its timeline."""

    PLACED = "placed", _("Placed")
    PAID = "paid", _("Paid")
    PAYMENT_LATE = "payment_late", _("Paid too late; refunded by itself")
    PAYMENT_WRONG = "payment_wrong", _("A payment does not fit")
    CANCEL_REQUESTED = "cancel_requested", _("Asked to cancel")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Not paid in time")
    WEIGHED = "weighed", _("Weighed")
    READY = "ready", _("Packed for pick-up")
    SHIPPED = "shipped", _("Shipped")
    COMPLETED = "completed", _("Completed")
    REFUND_REQUESTED = "refund_requested", _("Refund asked for")
    REFUND_SECONDED = "refund_seconded", _("Refund waits for a second person")
    REFUND_APPROVED = "refund_approved", _("Refund approved")
    REFUND_REJECTED = "refund_rejected", _("Refund rejected")
    REFUND_SUCCEEDED = "refund_succeeded", _("Refunded")
    REFUND_FAILED = "refund_failed", _("Refund failed")
    REFUND_SENT = "refund_sent", _("Refund sent to WeChat Pay")
    REFUND_RETRIED = "refund_retried", _("Refund to be sent again")
    CLOSED = "closed", _("Closed: fully refunded")
    NOTE = "note", _("Note")


class Problem(models.TextChoices):
    """Why a line cannot be ordered; `value` is the storefront's slug."""

    NOT_ON_SALE = "not_on_sale", _("No longer sold like this")
    OUT_OF_STOCK = "out_of_stock", _("Not enough there")
    BELOW_MINIMUM = "below_minimum", _("Below the least quantity")
    OFF_STEP = "off_step", _("Not a multiple of its step")
