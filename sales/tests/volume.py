"""Many orders on PostgreSQL, filled by the database itself, for plans and measurements.

`fill(1_000_000)` makes so many orders of a year, as a shop has them: nearly all over, a
few of today under way; with their lines, payments, refunds and points.
"""

from django.db import connection

from backoffice.accounts.models import User
from catalog.models import Goods
from sales.models import (
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    PointsAccount,
    PointsEntry,
    Refund,
)

#: tables that no page reads whole
LARGE = {
    "orders": Order,
    "lines": OrderLine,
    "payments": Payment,
    "refunds": Refund,
    "events": OrderEvent,
    "entries": PointsEntry,
    "accounts": PointsAccount,
}
#: orders for each customer
PER_CUSTOMER = 20
LINES = 2

_CUSTOMERS = """
INSERT INTO accounts_user (username, password, mobile, nickname, avatar, is_staff,
  is_active, is_superuser, date_joined, mobile_is_verified, token_secret)
SELECT 'buyer' || i, '!', '13' || lpad(i::text, 9, '0'), '顾客' || i, '', false, true,
  false, now(), true, i::text
FROM generate_series(1, %(customers)s) i
"""
# the youngest are under way
_ORDERS = """
INSERT INTO sales_order (order_no, user_id, source, status, goods_total, points,
  points_deduction, freight, payable, paid, refunded, refunded_freight, points_returned,
  points_earned, points_day_factor, delivery, receiver, mobile, province, city, district,
  detail, message, pickup_code, carrier, tracking_no, created_at, expires_at, paid_at,
  ready_at, shipped_at, completed_at, ended_at)
SELECT to_char(at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDDHH24MISS')
    || lpad((h::bigint * 9973 %% 10000000000)::text, 10, '0'),
  CASE WHEN source = 'counter' THEN NULL
    ELSE %(first_customer)s + i %% %(customers)s END,
  source, status, 70, 0, 0, 0, 70,
  CASE WHEN status IN ('pending', 'cancelled') THEN 0 ELSE 70 END, 0, 0, 0, 0, 1,
  delivery, CASE WHEN delivery = 'pickup' THEN '' ELSE '李雷' END,
  CASE WHEN delivery = 'pickup' THEN ''
    ELSE '13' || lpad((i %% %(customers)s)::text, 9, '0') END,
  '浙江省', '杭州市', '西湖区', '文三路' || i || '号', '',
  CASE WHEN status = 'ready' THEN lpad((i %% 10000)::text, 4, '0') ELSE '' END, '', '',
  at, at + interval '30 minutes',
  CASE WHEN status IN ('pending', 'cancelled') THEN NULL ELSE at + interval '1 minute' END,
  CASE WHEN status = 'ready' THEN at + interval '1 hour' END,
  CASE WHEN status = 'shipped' THEN at + interval '2 hours' END,
  CASE WHEN status = 'completed' THEN at + interval '2 days' END,
  CASE WHEN status IN ('cancelled', 'closed') THEN at + interval '1 hour' END
FROM (SELECT i, h, now() - (%(count)s - i) * (interval '365 days' / %(count)s) AS at,
    CASE WHEN h %% 100 < 3 THEN 'counter' WHEN h %% 1000 < 31 THEN 'phone'
      ELSE 'storefront' END AS source,
    CASE WHEN status = 'ready' OR h %% 10 < 2 THEN 'pickup' WHEN h %% 100 < 22
      THEN 'express' ELSE 'home' END AS delivery, status
  FROM (SELECT i, h, CASE WHEN age < 0.0003 THEN 'pending' WHEN age < 0.0015 THEN 'paid'
      WHEN age < 0.002 THEN 'ready' WHEN age < 0.008 THEN 'shipped'
      WHEN h %% 1000 < 60 THEN 'cancelled' WHEN h %% 1000 < 70 THEN 'closed'
      ELSE 'completed' END AS status
    FROM (SELECT i, abs(hashint4(i) %% 1000003) AS h,
        (%(count)s - i)::float / %(count)s AS age
      FROM generate_series(1, %(count)s) i) AS numbers) AS numbers) AS numbers
"""
# what sells, sells as long tails do
_LINES = """
INSERT INTO sales_orderline (order_id, sequence, goods_id, code, name, spec, unit,
  unit_name, base_unit_name, unit_size, quantity, base_quantity, price, amount, points,
  points_deduction, paid, points_factor, is_weighed, held, refunded_base, refunded,
  points_returned, points_earned)
SELECT o.id, n, g, 'V' || g, '苹果' || g, '', 'retail', '斤', '斤', 1, 1, 1, 35, 35, 0, 0,
  35, 1, n = 1, CASE WHEN o.status IN ('pending', 'paid', 'ready') THEN 1 ELSE 0 END,
  0, 0, 0, 0
FROM (SELECT o.id, o.status, n, (%(goods)s::bigint[])[1 + (%(goods_count)s - 1)
      * power(abs(hashint4(o.id::int * 7 + n) %% 1000003) / 1000003.0, 3)
      ] AS g
    FROM sales_order o, generate_series(1, %(lines)s) n) AS o
ON CONFLICT DO NOTHING
"""
_PAYMENTS = """
INSERT INTO sales_payment (order_id, out_trade_no, channel, status, amount,
  transaction_id, note, created_at, paid_at, tries, api, detail, prepay_id, trouble)
SELECT id, order_no || '-1', CASE WHEN id %% 20 = 0 THEN 'cash' ELSE 'wechat' END, 'paid',
  70, 'T' || id, '', created_at, paid_at, 0, '', '', '', ''
FROM sales_order WHERE paid_at IS NOT NULL
"""
_REFUNDS = """
INSERT INTO sales_refund (order_id, refund_no, kind, status, is_full, amount, freight,
  points, reason, decision, created_at, finished_at, rounds, tries, refund_id, trouble,
  detail, out_refund_no, recipient)
SELECT id, order_no || 'r1', 'quantity',
  CASE WHEN id %% 700 = 0 THEN 'requested' ELSE 'succeeded' END, false, 7, 0, 0, '', '',
  created_at, CASE WHEN id %% 700 = 0 THEN NULL ELSE created_at END, 0, 0, '', '', '',
  order_no || 'r1', ''
FROM sales_order WHERE status = 'completed' AND id %% 70 = 0
"""
_EVENTS = """
INSERT INTO sales_orderevent (order_id, kind, at, details)
SELECT id, 'paid', paid_at, '{"channel": "wechat", "amount": "70.00"}'
FROM sales_order WHERE paid_at IS NOT NULL
"""
_ACCOUNTS = """
INSERT INTO sales_pointsaccount (user_id, balance)
SELECT id, CASE WHEN id %% 500 = 0 THEN -1 ELSE 100 END
FROM accounts_user WHERE username LIKE 'buyer%%'
"""
_ENTRIES = """
INSERT INTO sales_pointsentry (user_id, delta, balance_after, kind, reference, reason, at)
SELECT user_id, 70, 100, CASE WHEN id %% 300 = 0 THEN 'adjust' ELSE 'earn' END, order_no,
  '', completed_at
FROM sales_order WHERE status = 'completed' AND user_id IS NOT NULL
"""


def fill(count: int) -> None:
    """Into a database that has goods and neither orders nor customers; analysed, so
    that the planner knows it."""
    goods = list(Goods.objects.order_by("pk").values_list("pk", flat=True))
    values = {
        "count": count,
        "customers": max(count // PER_CUSTOMER, 1),
        "goods": goods,
        "goods_count": len(goods),
        "lines": LINES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS, values)
        first = User.objects.filter(username__startswith="buyer").order_by("pk").first()
        assert first is not None
        values["first_customer"] = first.pk
        for statement in (
            *(_ORDERS, _LINES, _PAYMENTS, _REFUNDS, _EVENTS, _ACCOUNTS, _ENTRIES),
        ):
            cursor.execute(statement, values)
        for model in (*LARGE.values(), User):
            cursor.execute(f"ANALYZE {model._meta.db_table}")
