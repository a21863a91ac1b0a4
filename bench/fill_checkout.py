"""`python bench/fill_checkout.py 1000`: stock of every goods, and so many customers, each
with an address; prints JSON with what a buyer needs."""

import json
import os
import sys
from decimal import Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.db import connection  # noqa: E402 - Django is set up first

from backoffice.accounts import tokens  # noqa: E402 - as above
from backoffice.accounts.models import Address, User  # noqa: E402 - as above
from catalog.models import Goods  # noqa: E402 - as above
from stock import receiving  # noqa: E402 - as above

PLENTY = Decimal(900_000)
#: goods of which there are just so many
LAST = Decimal(10)


def main(count: int) -> None:
    admin = User.objects.create_superuser("admin")
    goods = list(Goods.objects.order_by("pk").values_list("pk", "price"))
    for at in range(0, len(goods), 1000):
        receiving.open_stock(
            [
                receiving.Incoming(pk, LAST if pk == goods[-1][0] else PLENTY)
                for pk, _price in goods[at : at + 1000]
            ],
            by=admin,
        )
    users = User.objects.bulk_create(
        [
            User(username=f"c{n}", mobile=f"130{n:08d}", nickname=f"顾客{n}")
            for n in range(count)
        ]
    )
    addresses = Address.objects.bulk_create(
        [
            Address(
                user=user,
                receiver=user.nickname,
                mobile=user.mobile or "",
                province="浙江省",
                city="杭州市",
                district="西湖区",
                detail="文三路 90 号",
            )
            for user in users
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    buyers = [
        {"token": tokens.issue(user).access, "address": address.pk}
        for user, address in zip(users, addresses, strict=True)
    ]
    print(json.dumps({"buyers": buyers, "goods": [(pk, str(p)) for pk, p in goods]}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
