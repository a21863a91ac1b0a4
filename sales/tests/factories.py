"""Orders for tests; they reach a status by calling the verbs."""

from decimal import Decimal

from backoffice.accounts.tests.factories import AdminFactory, UserFactory
from catalog.tests.factories import OnSaleGoodsFactory, PieceFactory, UnitFactory
from sales import checkout, fulfilment, payments, points
from sales.checkout import Address, Ask, Basket
from sales.enums import Channel, Delivery, PointsKind, Source
from stock import receiving

HOME = Address("李雷", "13800138000", "北京市", "北京市", "东城区", "东单北大街1号")


def shelf(code=None, *, on_hand="100", price="10.00", **fields):
    """Goods on sale with stock; counted in pieces unless `is_weighed`."""
    unit = UnitFactory() if fields.get("is_weighed") else PieceFactory()
    if code is not None:
        fields["code"] = code
    goods = OnSaleGoodsFactory(price=Decimal(price), unit=unit, **fields)
    if Decimal(on_hand):
        receiving.open_stock(
            [receiving.Incoming(goods.pk, Decimal(on_hand))], by=AdminFactory()
        )
    return goods


def customer(*, with_points=0):
    """A customer of the storefront."""
    user = UserFactory()
    if with_points:
        points.post(
            user.pk, with_points, kind=PointsKind.EARN, reference="before the test"
        )
    return user


def ask(goods, quantity="1", unit="retail", price=None):
    return Ask(
        goods.pk, unit, Decimal(quantity), None if price is None else Decimal(price)
    )


def basket(*asks, delivery=Delivery.HOME, **more):
    more.setdefault("address", HOME)
    return Basket(asks=list(asks), delivery=delivery, **more)


def place(*asks, user=None, **more):
    """An order of the storefront."""
    return checkout.place_order(basket(*asks, **more), user=user or customer())


def counter_order(*asks, by=None, user=None, **more):
    """An order entered by staff, without a minimum."""
    more.setdefault("delivery", Delivery.PICKUP)
    return checkout.place_order(
        basket(*asks, **more), user=user, source=Source.COUNTER, by=by or AdminFactory()
    )


def paid(order, *, by=None):
    """The order after its payment in cash."""
    payments.take(order, channel=Channel.CASH, by=by or AdminFactory())
    order.refresh_from_db()
    return order


def shipped(order, *, by=None):
    """The order after payment and shipping."""
    return fulfilment.ship(
        paid(order), by=by or AdminFactory(), carrier="顺丰", tracking_no="SF1"
    )
