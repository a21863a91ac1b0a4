"""The counter: goods, quantities, the money, and the customer goes; or an order by
telephone. One page that works without a script and is quick with one."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.accounts import names
from backoffice.accounts.models import User
from backoffice.accounts.roles import role_names_with
from backoffice.base.admin import RowAction, Tool, money
from backoffice.base.errors import DomainError, FieldErrors
from backoffice.base.money import MAX_QUANTITY, plain
from backoffice.base.text import half_width
from backoffice.sheets.admin.links import sheet_tools
from catalog.admin.search import find_goods
from catalog.enums import SellingUnit
from catalog.models import Goods
from sales import counter, idempotency, offers
from sales.admin import cells
from sales.admin.forms import OrderForm, posted
from sales.admin.papers import RECEIPTS, papers_url
from sales.checkout import MAX_LINES, MESSAGE_LENGTH, Address, Ask, Basket
from sales.enums import DELIVERED, Channel, Delivery, OrderStatus, Source
from sales.errors import NotOnSale, OutOfStock, PriceChanged
from sales.fulfilment import SELL
from sales.models import Order
from sales.quoting import Offer, Quote, Wish, quote, quote_lines

#: so many goods are offered for what was typed
MOST_FOUND = 12
LATER = "later"
SOLD, ENTERED = "counter", "phone"


class TillForm(OrderForm):
    """Who buys, how it is paid, where it goes."""

    kind = forms.ChoiceField(
        choices=[
            (SOLD, gettext_lazy("At the counter")),
            (ENTERED, gettext_lazy("By phone")),
        ],
        widget=forms.RadioSelect,
        initial=SOLD,
    )
    mobile = forms.CharField(
        label=gettext_lazy("Customer's mobile"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "Of a customer with an account: the points go there. May stay empty at the "
            "counter."
        ),
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("How it is paid"),
        choices=[
            (str(Channel.CASH), Channel.CASH.label),
            (str(Channel.TRANSFER), Channel.TRANSFER.label),
            (LATER, gettext_lazy("Later")),
        ],
        widget=forms.RadioSelect,
        initial=str(Channel.CASH),
    )
    tendered = forms.DecimalField(
        label=gettext_lazy("Cash given"),
        required=False,
        min_value=Decimal(0),
        max_digits=9,
        decimal_places=2,
        widget=forms.NumberInput(
            attrs={"inputmode": "decimal", "step": "any", "autocomplete": "off"}
        ),
    )
    delivery = forms.ChoiceField(
        label=gettext_lazy("Delivery"),
        choices=Delivery.choices,
        required=False,
        initial=Delivery.HOME,
    )
    receiver = forms.CharField(
        label=gettext_lazy("Receiver"), required=False, max_length=40
    )
    province = forms.CharField(
        label=gettext_lazy("Province"), required=False, max_length=40
    )
    city = forms.CharField(label=gettext_lazy("City"), required=False, max_length=40)
    district = forms.CharField(
        label=gettext_lazy("District"), required=False, max_length=40
    )
    detail = forms.CharField(
        label=gettext_lazy("Address"), required=False, max_length=200
    )
    message = forms.CharField(
        label=gettext_lazy("Message"), required=False, max_length=MESSAGE_LENGTH
    )

    def clean_mobile(self) -> str:
        typed = self.cleaned_data["mobile"]
        if not typed:
            return ""
        return names.clean_mobile(typed)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("kind") == SOLD:
            if values.get("channel") == LATER:
                self.add_error("channel", _("At the counter it is paid at once."))
            return values
        needed = ["receiver", "mobile"]
        if values.get("delivery") in DELIVERED:
            needed += ["province", "city", "detail"]
        for name in needed:
            if not values.get(name) and name not in self.errors:
                self.add_error(name, self.fields[name].error_messages["required"])
        return values


@dataclass
class Row:
    """One goods on the page, as it was typed and as it is sold now."""

    goods_id: int
    unit: str
    quantity: str
    price: str = ""
    offer: Offer | None = None
    amount: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.offer.name if self.offer else f"#{self.goods_id}"

    @property
    def code(self) -> str:
        return self.offer.code if self.offer else ""

    @property
    def unit_name(self) -> str:
        return self.offer.name_of(self.unit) if self.offer else ""

    @property
    def now(self) -> str:
        """The price at this moment."""
        return plain(self.offer.price_of(self.unit)) if self.offer else ""

    @property
    def step(self) -> str:
        return plain(self.offer.step_of(self.unit)) if self.offer else "any"

    @property
    def left(self) -> str:
        """How much can still be sold, in base units."""
        if self.offer is None or self.offer.available is None:
            return ""
        return f"{plain(self.offer.available)} {self.offer.unit_name}"

    def number(self) -> Decimal | None:
        """What was typed, where it is a quantity."""
        try:
            found = Decimal(half_width(self.quantity).strip())
        except InvalidOperation:
            return None
        return found if found.is_finite() and 0 < found <= MAX_QUANTITY else None


class TillPages:
    """Mixed into the admin of orders."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view  # type: ignore[attr-defined]
        return [
            path("counter/", view(self.till_view), name="sales_counter"),
            path("counter/goods/", view(self.till_goods), name="sales_counter_goods"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        tools: list[Tool] = [*super().list_tools(request)]  # type: ignore[misc]
        if request.user.has_perm(cells.ENTER):
            url = cells.page_url("sales_counter")
            label = gettext_lazy("Enter an order")
            tools.insert(0, Tool(label, url, "fa-cash-register", "primary"))
        tools += sheet_tools(request, "orders")
        tools += [
            replace(tool, label=gettext_lazy("Export lines"))
            for tool in sheet_tools(request, "order_lines")
        ]
        return tools

    def till_view(self, request: HttpRequest) -> HttpResponse:
        """Add goods, look at the sum, sell."""
        self._may_enter(request)
        rows = _rows(request)
        form = TillForm(
            posted(request), initial={"kind": request.GET.get("kind", SOLD)}
        )
        found: list[dict[str, Any]] = []
        typed = request.POST.get("find", "").strip()
        if request.method == "POST":
            action, _colon, what = request.POST.get("action", "").partition(":")
            if action == "add":
                _add(rows, *what.split(":"))
            elif action == "drop" and what.isdigit() and int(what) < len(rows):
                del rows[int(what)]
            elif action == "check" and typed:
                found = _found(typed)
                if len(found) == 1:
                    _add(rows, found[0]["id"], found[0]["unit"])
                    found, typed = [], ""
            elif action == "sell":
                order = self._sell(request, form, rows)
                if order is not None:
                    return HttpResponseRedirect(f"{request.path}?done={order.pk}")
            if action != "sell":
                form = TillForm(initial=_kept(request))
        return TemplateResponse(
            request,
            "admin/sales/order/counter.html",
            self._till(request, form, rows, found, typed),
        )

    def till_goods(self, request: HttpRequest) -> JsonResponse:
        """What fits what was typed: for the script."""
        self._may_enter(request)
        return JsonResponse({"items": _found(request.GET.get("q", ""))})

    # --- within

    def _may_enter(self, request: HttpRequest) -> None:
        if not request.user.has_perm(cells.ENTER):
            raise PermissionDenied(cells.ENTER)

    def _till(
        self,
        request: HttpRequest,
        form: TillForm,
        rows: list[Row],
        found: list[dict[str, Any]],
        typed: str,
    ) -> dict[str, Any]:
        kind = form["kind"].value()
        delivery = form["delivery"].value() if kind == ENTERED else Delivery.PICKUP
        total = _filled(rows, delivery or Delivery.HOME)
        terms = offers.terms()
        return {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": self.opts,  # type: ignore[attr-defined]
            "title": _("Counter"),
            "form": form,
            "rows": rows,
            "found": found,
            "typed": typed,
            "quote": total,
            "payable": money(total.payable),
            "freight": terms.freight,
            "free_from": terms.free_freight_from,
            "key": request.POST.get("key") or secrets.token_hex(16),
            "may_sell": request.user.has_perm(cells.TAKE)
            and request.user.has_perm(SELL),
            "may_take": request.user.has_perm(cells.TAKE),
            "who_sells": _(", ").join(role_names_with(SELL)),
            "done": _done(request),
            "where": [
                form[n] for n in ("receiver", "province", "city", "district", "detail")
            ],
        }

    def _sell(
        self, request: HttpRequest, form: TillForm, rows: list[Row]
    ) -> Order | None:
        if not rows:
            form.add_error(None, _("Add goods first."))
        for row in rows:
            if row.number() is None:
                row.errors.append(_("A quantity is above 0."))
        if not form.is_valid() or any(row.errors for row in rows):
            return None
        by: Any = request.user
        body = {
            "rows": [[row.goods_id, row.unit, row.quantity, row.price] for row in rows],
            **{name: request.POST.get(name, "") for name in form.fields},
        }

        def act() -> dict[str, Any]:
            return {"order": _carry_out(form.cleaned_data, rows, by).pk}

        try:
            answer = idempotency.once(
                by.pk, request.path, request.POST.get("key", ""), body, act
            )
        except DomainError as refusal:
            _refuse(form, rows, refusal)
            return None
        return Order.objects.get(pk=answer["order"])


def _rows(request: HttpRequest) -> list[Row]:
    if request.method != "POST":
        return []
    given = [request.POST.getlist(n) for n in ("goods", "unit", "quantity", "price")]
    return [
        Row(int(pk), unit, quantity, price)
        for pk, unit, quantity, price in zip(*given, strict=False)
        if pk.isdecimal() and len(pk) < 19 and unit in SellingUnit.values
    ][:MAX_LINES]


def _add(rows: list[Row], pk: Any = "", unit: str = "") -> None:
    """Put goods on the page; what is there already gets one more, if it is counted."""
    if not str(pk).isdecimal() or unit not in SellingUnit.values:
        return
    goods_id = int(pk)
    for row in rows:
        if (row.goods_id, row.unit) == (goods_id, unit):
            number = row.number() or Decimal(0)
            offer = offers.read([goods_id]).get(goods_id)
            if offer is not None and offer.step_of(unit) == 1:
                row.quantity = plain(number + 1)
            return
    offer = offers.read([goods_id], with_stock=False).get(goods_id)
    if offer is not None and len(rows) < MAX_LINES:
        first = "1" if offer.step_of(unit) == 1 else ""
        rows.append(Row(goods_id, unit, first, plain(offer.price_of(unit))))


def _found(typed: str) -> list[dict[str, Any]]:
    """Goods on sale that fit, each by its selling units: three queries."""
    if not typed.strip():
        return []
    rows = find_goods(Goods.objects.on_sale(), typed).order_by("code")
    ids = list(rows.values_list("pk", flat=True)[:MOST_FOUND])
    read = offers.read(ids)
    return [
        {
            "id": offer.goods_id,
            "unit": str(unit),
            "code": offer.code,
            "name": offer.name,
            "spec": offer.spec,
            "price": plain(offer.price_of(unit)),
            "unit_name": offer.name_of(unit),
            "step": plain(offer.step_of(unit)),
            "size": "" if unit == SellingUnit.RETAIL else plain(offer.size_of(unit)),
            "base": offer.unit_name,
            "left": "" if offer.available is None else plain(offer.available),
            "image": default_storage.url(offer.image) if offer.image else "",
        }
        for pk in ids
        for offer in [read[pk]]
        for unit in SellingUnit
        if offer.sells_by(unit)
    ]


def _filled(rows: list[Row], delivery: str) -> Quote:
    """What the rows come to; each row learns what it is and what it costs."""
    read = offers.read(row.goods_id for row in rows)
    wishes = []
    for row in rows:
        row.offer = read.get(row.goods_id)
        number = row.number()
        if number is not None:
            wishes.append(Wish(row.goods_id, row.unit, number))
            if row.offer is not None:
                price = row.offer.price_of(row.unit)
                row.amount = f"{(price * number).quantize(Decimal('0.01')):f}"
    return quote(
        quote_lines(wishes, read, has_minimum=False),
        terms=offers.terms(),
        balance=0,
        points=0,
        delivery=delivery,
        has_minimum=False,
    )


def _kept(request: HttpRequest) -> dict[str, Any]:
    """What was typed beside the goods, while the page only looks something up."""
    return {name: request.POST.get(name, "") for name in TillForm.base_fields}


def _carry_out(values: dict[str, Any], rows: Sequence[Row], by: Any) -> Order:
    is_sold = values["kind"] == SOLD
    delivery = Delivery.PICKUP if is_sold else Delivery(values["delivery"])
    address = None
    if not is_sold:
        parts = ("receiver", "mobile", "province", "city", "district", "detail")
        address = Address(*(values[name] for name in parts))
    basket = Basket(
        asks=[
            Ask(row.goods_id, row.unit, row.number() or Decimal(0), _price(row.price))
            for row in rows
        ],
        delivery=delivery,
        address=address,
        message="" if is_sold else values["message"],
    )
    user = _customer(values["mobile"])
    channel = None if values["channel"] == LATER else Channel(values["channel"])
    if is_sold and channel is not None:
        tendered = values["tendered"] if channel == Channel.CASH else None
        return counter.sell(
            basket, by=by, channel=channel, user=user, tendered=tendered
        )
    return counter.enter(basket, by=by, source=Source.PHONE, channel=channel, user=user)


def _price(text: str) -> Decimal | None:
    """What the clerk saw; what is none of a price was seen by nobody."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _customer(mobile: str) -> User | None:
    if not mobile:
        return None
    return User.objects.filter(mobile=mobile, is_staff=False, is_active=True).first()


def _refuse(form: TillForm, rows: list[Row], refusal: DomainError) -> None:
    """Say each refusal in the row that it is about."""
    if isinstance(refusal, FieldErrors):
        left: dict[str, list[str]] = {}
        for name, said in refusal.errors.items():
            place = name.split(".")
            if place[0] == "lines" and len(place) > 1 and int(place[1]) < len(rows):
                rows[int(place[1])].errors += [str(one) for one in said]
            else:
                left["detail" if name == "address_id" else name] = said
        if left:
            form.refuse(FieldErrors(left))
        return
    for goods in refusal.data.get("goods", ()):
        for row in rows:
            if row.goods_id == goods["goods_id"] and row.unit == goods.get(
                "unit", row.unit
            ):
                row.errors.append(_said(refusal, goods, row))
    form.add_error(None, str(refusal))


def _said(refusal: DomainError, goods: dict[str, Any], row: Row) -> str:
    match refusal:
        case OutOfStock():
            left = plain(Decimal(goods["available"]))
            return _("Only %(left)s are left.") % {"left": left}
        case PriceChanged():
            # seen now: the next attempt agrees to it
            old, row.price = row.price, plain(Decimal(goods["price"]))
            return _("The price rose from %(old)s to %(new)s.") % {
                "old": old,
                "new": row.price,
            }
        case NotOnSale():
            return _("Not sold like this any more.")
    return str(refusal)


def _done(request: HttpRequest) -> dict[str, Any] | None:
    """The order that this person has just entered."""
    pk = request.GET.get("done", "")
    if request.method == "POST" or not pk.isdecimal() or len(pk) > 18:
        return None
    order = Order.objects.filter(pk=pk, placed_by=request.user).first()  # type: ignore[misc]
    if order is None:
        return None
    payment = order.payments.filter(status="paid").first()
    return {
        "order": order,
        "url": cells.order_url(order.pk) if request.user.has_perm(cells.VIEW) else "",
        "payable": money(order.payable),
        "note": payment.note if payment else "",
        "is_paid": payment is not None,
        "is_gone": order.status == OrderStatus.COMPLETED,
        "print": RowAction(
            gettext_lazy("Print the receipt"), papers_url(RECEIPTS, [order.pk])
        )
        if payment and request.user.has_perm(cells.VIEW)
        else None,
    }
