"""What happens to one order of the demo, as calls of the shop's verbs that wait."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from backoffice.accounts.models import Address as StoredAddress
from backoffice.accounts.models import User
from backoffice.base import context
from backoffice.demo import customers
from backoffice.demo.acts import Act
from catalog.models import Goods
from sales import (
    cancelling,
    checkout,
    counter,
    fulfilment,
    payments,
    refunds,
    weighing,
)
from sales.checkout import Address, Ask, Basket
from sales.enums import Channel, Delivery, Restock, Source
from sales.models import Order, Refund
from sales.refunds import Wanted


@dataclass(frozen=True)
class Take:
    """So much of goods, by the case or not."""

    code: str
    quantity: Decimal
    unit: str = "retail"


class Deal:
    """One order: each method gives an act for its moment. The order's number is known
    once it was placed."""

    def __init__(
        self, takes: Sequence[Take], delivery: Delivery, buyer: str = ""
    ) -> None:
        self.takes = takes
        self.delivery = delivery
        self.buyer = buyer
        self._pk = 0

    @property
    def order(self) -> Order:
        return Order.objects.get(pk=self._pk)

    def _user(self) -> User:
        return customers.find(self.buyer)

    def _as_buyer(self, act: Callable[[User], Any]) -> Act:
        """What the customer does from a telephone."""

        def acted(_by: User) -> None:
            user = self._user()
            with context.using(
                means="api", ip=customers.ip_of(self.buyer), user_id=user.pk
            ):
                act(user)

        return acted

    def _basket(self, **more: Any) -> Basket:
        ids = dict(
            Goods.objects.filter(code__in=[t.code for t in self.takes]).values_list(
                "code", "pk"
            )
        )
        asks = [Ask(ids[t.code], t.unit, t.quantity) for t in self.takes]
        return Basket(asks=asks, delivery=self.delivery, **more)

    # --- it comes in

    def ordered(self, *, points: bool = False, message: str = "") -> Act:
        """By the customer, in the storefront."""

        def act(user: User) -> None:
            home = StoredAddress.objects.filter(user=user).order_by("-is_default", "pk")
            address = Address(user.nickname, user.mobile or "")
            if self.delivery != Delivery.PICKUP:
                row = home[0]
                address = Address(
                    row.receiver,
                    row.mobile,
                    row.province,
                    row.city,
                    row.district,
                    row.detail,
                )
            basket = self._basket(
                address=address, message=message, points="best" if points else 0
            )
            self._pk = checkout.place_order(basket, user=user).pk

        return self._as_buyer(act)

    def telephoned(self, address: Address, message: str = "") -> Act:
        """By telephone; somebody of the staff writes it down."""

        def act(by: User) -> None:
            basket = self._basket(address=address, message=message)
            self._pk = checkout.place_order(
                basket, user=None, source=Source.PHONE, by=by
            ).pk

        return act

    def sold(self, channel: Channel) -> Act:
        """Over the counter, to whoever came in."""

        def act(by: User) -> None:
            basket = self._basket()
            self._pk = counter.sell(basket, by=by, channel=channel).pk

        return act

    # --- money

    def paid(self, channel: Channel, note: str = "") -> Act:
        return lambda by: payments.take(self.order, channel=channel, by=by, note=note)

    def cancelled(self) -> Act:
        return self._as_buyer(lambda user: cancelling.cancel(self.order, by=user))

    def expired(self) -> Act:
        """Nobody paid; the worker comes by."""

        def act(_by: User) -> None:
            with context.using(means="schedule", ip=None, user_id=None):
                cancelling.finish(self._pk)

        return act

    # --- out of the shop

    def weighed(self, differences: Mapping[str, Decimal]) -> Act:
        """What the scales said: by how much more or less than ordered, by code."""

        def act(by: User) -> None:
            lines = self.order.lines.filter(is_weighed=True)
            weights = {
                line.pk: line.held + differences.get(line.code, Decimal(0))
                for line in lines
            }
            if weights:
                weighing.weigh(self.order, weights, by=by)

        return act

    def packed(self) -> Act:
        return lambda by: fulfilment.make_ready(self.order, by=by)

    def fetched(self) -> Act:
        """The customer says the code."""
        return lambda by: fulfilment.hand_over(
            self.order, by=by, code=self.order.pickup_code
        )

    def sent(self, carrier: str = "", tracking_no: str = "") -> Act:
        return lambda by: fulfilment.ship(
            self.order, by=by, carrier=carrier, tracking_no=tracking_no
        )

    def confirmed(self) -> Act:
        return self._as_buyer(lambda user: fulfilment.complete(self.order, by=user))

    def arrived(self) -> Act:
        """Somebody of the staff says that it came there."""
        return lambda by: fulfilment.complete(self.order, by=by)

    def noted(self, text: str) -> Act:
        return lambda by: fulfilment.annotate(self.order, by=by, text=text)

    # --- money back

    def asked_back(self, reason: str, quantity: Decimal | None = None) -> Act:
        """The customer wants it back: all of it, or so much of the first line."""

        def act(user: User) -> None:
            wanted = Wanted()
            if quantity is not None:
                wanted = Wanted({self.order.lines.all()[0].pk: quantity})
            refunds.request(self.order, by=user, reason=reason, wanted=wanted)

        return self._as_buyer(act)

    def given_back(self, reason: str, amount: Decimal) -> Act:
        """Somebody of the staff lets off so many yuan."""
        return lambda by: refunds.request(
            self.order, by=by, reason=reason, wanted=Wanted(amount=amount)
        )

    def agreed(self, note: str = "", restock: Restock = Restock.NOTHING) -> Act:
        """The refund that waits is agreed to and the money given back."""

        def act(by: User) -> None:
            refund = self._waiting()
            if refund is None:
                return
            choice = dict.fromkeys(refund.lines.values_list("line", flat=True), restock)
            refunds.approve(refund, by=by, note=note, restock=choice)
            refunds.succeed(refund, by=by)

        return act

    def refused(self, reason: str) -> Act:
        def act(by: User) -> None:
            refund = self._waiting()
            if refund is not None:
                refunds.reject(refund, by=by, reason=reason)

        return act

    def _waiting(self) -> Refund | None:
        return self.order.refunds.filter(status="requested").first()
