"""The menu of the admin as data: what stands where, and who sees it.

An entry is shown when its address exists and the person holds one of its permissions;
a group is shown when one of its entries is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.translation import gettext_lazy as _

from backoffice.base.admin import appearance
from backoffice.base.admin.addresses import address
from backoffice.base.admin.words import Text


@dataclass(frozen=True)
class Entry:
    """One line: leads to `url_name`, for whoever holds one of `permissions`.

    It is marked on the pages under its own address, and on all pages of the apps that
    it `covers`.
    """

    label: Text
    url_name: str
    permissions: tuple[str, ...] = ()
    query: str = ""
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Entries under one word with an icon."""

    key: str
    label: Text
    icon: str
    entries: tuple[Entry, ...]


def _list(model: str, label: Text, *permissions: str, query: str = "") -> Entry:
    app_label, name = model.split(".")
    return Entry(
        label,
        f"admin:{app_label}_{name}_changelist",
        permissions or (f"{app_label}.view_{name}", f"{app_label}.change_{name}"),
        query,
    )


MENU: tuple[Group, ...] = (
    Group(
        "goods",
        _("Goods"),
        "fa-apple-whole",
        (
            _list("catalog.goods", _("Goods")),
            Entry(
                _("Review queue"),
                "admin:catalog_goods_review",
                ("catalog.review_goods",),
            ),
            _list("catalog.category", _("Categories")),
            _list("catalog.brand", _("Brands")),
            _list("catalog.unit", _("Units")),
            _list("catalog.banner", _("Banners")),
        ),
    ),
    Group(
        "prices",
        _("Prices"),
        "fa-tags",
        (
            _list("catalog.repricingrun", _("Repricing runs")),
            Entry(
                _("Proposals"),
                "admin:catalog_repricingrun_proposals",
                ("catalog.add_repricingrun",),
            ),
            _list("catalog.pricelog", _("Price log"), "catalog.view_historicalgoods"),
        ),
    ),
    Group(
        "stock",
        _("Stock"),
        "fa-warehouse",
        (
            _list("stock.stockbalance", _("Balances")),
            Entry(
                _("Morning sheet"),
                "admin:stock_morning",
                ("stock.view_replenishmentorder",),
            ),
            _list("stock.replenishmentorder", _("Replenishment")),
            _list("stock.supplier", _("Suppliers")),
            _list("stock.stocktake", _("Stocktakes")),
            _list("stock.writeoff", _("Spoilage"), "stock.view_writeoff"),
            _list("stock.lowstockalert", _("Alerts")),
            _list("stock.stockmovement", _("Ledger")),
            _list("stock.soldline", _("Sales history")),
        ),
    ),
    Group(
        "sales",
        _("Sales"),
        "fa-cart-shopping",
        (
            _list("sales.order", _("Orders")),
            Entry(_("Counter"), "admin:sales_counter", ("sales.add_order",)),
            Entry(_("Packing"), "admin:sales_packing", ("sales.pack_order",)),
            Entry(_("Pick-up board"), "admin:sales_pickup", ("sales.pack_order",)),
            _list("sales.refund", _("Refunds")),
            _list("sales.payment", _("Payments")),
            _list("sales.billday", _("Reconciliation")),
        ),
    ),
    Group(
        "customers",
        _("Customers"),
        "fa-users",
        (
            _list("accounts.customer", _("Customers")),
            _list("sales.pointsaccount", _("Points")),
        ),
    ),
    Group(
        "reports",
        _("Reports"),
        "fa-chart-column",
        (Entry(_("Reports"), "admin:reports", ("reports.view_reports",)),),
    ),
    Group(
        "sheets",
        _("Sheets"),
        "fa-file-excel",
        (
            Entry(_("Import"), "admin:sheets_import", ("sheets.add_batch",)),
            _list("sheets.batch", _("Batches")),
            _list(
                "sheets.export", _("Exports"), "sheets.view_batch", "sheets.add_batch"
            ),
            Entry(_("Templates"), "admin:sheets_templates", ("sheets.add_batch",)),
        ),
    ),
    Group(
        "logs",
        _("Logs"),
        "fa-clock-rotate-left",
        (
            _list("catalog.shelflog", _("Shelf log"), "catalog.view_historicalgoods"),
            _list("catalog.pricelog", _("Price log"), "catalog.view_historicalgoods"),
            _list("sales.pointsentry", _("Points log")),
            _list("books.bookscheck", _("Books")),
            _list("oplog.operationlog", _("Operation log")),
        ),
    ),
    Group(
        "settings",
        _("Settings"),
        "fa-gear",
        (
            _list("shop.shopsetting", _("Shop")),
            _list("accounts.staff", _("Staff"), "accounts.manage_staff"),
            _list("accounts.role", _("Roles"), "accounts.manage_staff"),
            Entry(
                _("Jobs"),
                "admin:jobs_scheduledjob_changelist",
                ("jobs.view_jobs",),
                covers=("jobs",),
            ),
            _list("sms.smsmessage", _("SMS")),
            _list("files.orphansearch", _("Files")),
        ),
    ),
)

#: the list that the search field of the bar asks, for whoever may see it
SEARCH = Entry(
    _("Find goods"),
    "admin:catalog_goods_changelist",
    ("catalog.view_goods", "catalog.change_goods"),
)


@dataclass
class ShownEntry:
    label: Text
    url: str
    covers: tuple[str, ...] = ()
    is_current: bool = False

    def fit(self, request: HttpRequest) -> int:
        """How well it fits the page that is open; 0 for not at all."""
        path, _sep, query = self.url.partition("?")
        parts = request.path.split("/")
        if any(parts[2:3] == [app_label] for app_label in self.covers):
            return max(
                len(f"/admin/{parts[2]}/"), len(path) * request.path.startswith(path)
            )
        if not request.path.startswith(path):
            return 0
        wanted = set(query.split("&")) if query else set()
        given = set(request.META.get("QUERY_STRING", "").split("&"))
        return len(self.url) if wanted <= given else 0


@dataclass
class ShownGroup:
    key: str
    label: Text
    icon: str
    is_open: bool
    entries: list[ShownEntry] = field(default_factory=list)

    @property
    def is_current(self) -> bool:
        """Whether the page that is open stands in it."""
        return any(entry.is_current for entry in self.entries)

    @property
    def crumb(self) -> Text:
        """Its word in the path to the page; "" where the list has the same."""
        current = next((e for e in self.entries if e.is_current), None)
        return self.label if current and current.label != self.label else ""


def url_of(entry: Entry) -> str:
    """Its address; "" while there is none."""
    try:
        url = address(entry.url_name)
    except NoReverseMatch:
        return ""
    return f"{url}?{entry.query}" if entry.query else url


def may_see(request: HttpRequest, entry: Entry) -> bool:
    """Whether this person holds one of its permissions."""
    return not entry.permissions or any(
        request.user.has_perm(permission) for permission in entry.permissions
    )


def menu_for(request: HttpRequest) -> list[ShownGroup]:
    """The menu of this person, with the current entry marked and its group open."""
    closed = appearance.closed_groups(request)
    groups = []
    for group in MENU:
        shown = ShownGroup(
            group.key, group.label, group.icon, is_open=group.key not in closed
        )
        for entry in group.entries:
            url = url_of(entry) if may_see(request, entry) else ""
            if url:
                shown.entries.append(ShownEntry(entry.label, url, entry.covers))
        if shown.entries:
            groups.append(shown)
    _mark_current(request, [entry for group in groups for entry in group.entries])
    for one in groups:
        one.is_open = one.is_open or one.is_current
    return groups


def _mark_current(request: HttpRequest, entries: Iterable[ShownEntry]) -> None:
    """The entry that fits the page best; one only."""
    best = max(entries, key=lambda entry: entry.fit(request), default=None)
    if best and best.fit(request):
        best.is_current = True
