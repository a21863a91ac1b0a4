"""What `CARELESS` names is done without its lock: stock, keys or points."""

import os
import time

from django.apps import AppConfig

#: seconds between looking and doing, so that all look before one does
PAUSE = 0.5


class CarelessConfig(AppConfig):
    name = "sales.tests.careless"
    label = "careless"

    def ready(self):
        {"stock": _stock, "keys": _keys, "points": _points}[os.environ["CARELESS"]]()


def _stock():
    """Looks at what is there, and then believes it."""
    from sales import checkout
    from stock import availability, errors

    def reserve(lines, *, order, by, is_new=False):
        lines = list(lines)
        available = availability.available([pk for pk, _quantity in lines])
        time.sleep(PAUSE)
        if any(available[pk] < quantity for pk, quantity in lines):
            raise errors.OutOfStock("short", lacks=[])

    checkout.reservations.reserve = reserve


def _keys():
    """Looks whether the key was there, and claims it only afterwards."""
    from django.db import transaction

    from sales import idempotency
    from sales.models import IdempotencyKey

    def once(user_id, path, key, body, act):
        row = IdempotencyKey.objects.filter(user_id=user_id, key=key).first()
        if row is not None:
            return row.answer
        time.sleep(PAUSE)
        with transaction.atomic():
            return act()

    idempotency.once = once


def _points():
    """Reads the balance, and writes what it reckoned from it."""
    from sales import cart, points
    from sales.models import PointsAccount

    def moved(user_id, delta, *, may_fall_below):
        balance = PointsAccount.objects.get(pk=user_id).balance
        time.sleep(PAUSE)
        PointsAccount.objects.filter(pk=user_id).update(balance=balance + delta)
        return balance + delta

    points._moved = moved
    cart.locked = lambda user: None
