"""What a customer's page shows of sales (ports of the ground floor)."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.base.admin import Tool
from sales.admin import cells, points
from sales.models import Order, OrderLine

LATEST = 10


def orders_of(request: HttpRequest, user_id: int) -> str:
    """The latest orders of a customer, ready-made; "" for who may not see orders."""
    if not request.user.has_perm(cells.VIEW):
        return ""
    rows = list(Order.objects.of(user_id).order_by("-id")[: LATEST + 1])
    orders = {order.pk: order for order in rows[:LATEST]}
    lines: dict[int, list[OrderLine]] = {pk: [] for pk in orders}
    for line in OrderLine.objects.filter(order__in=orders).order_by("sequence"):
        lines[line.order_id].append(line)
    context = {
        "orders": [
            {
                "row": order,
                "url": cells.order_url(pk),
                "status": cells.status_tag(order.status),
                "goods": cells.summary(lines[pk]),
            }
            for pk, order in orders.items()
        ],
        "has_more": len(rows) > LATEST,
        "all_url": f"{reverse(cells.LIST)}?customer={user_id}",
    }
    return render_to_string("admin/sales/customer_orders.html", context)


def tools_of(request: HttpRequest, user_id: int) -> list[Any]:
    """What can be done with the points of a customer."""
    tools = []
    if request.user.has_perm(points.SEE_LOG):
        tools.append(Tool(_("Points log"), points.log_url(user_id), "fa-coins"))
    if request.user.has_perm(points.ADJUST):
        tools.append(Tool(_("Adjust points"), points.adjust_url(user_id), "fa-sliders"))
    return tools
