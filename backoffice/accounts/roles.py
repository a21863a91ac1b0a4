"""The seven roles of the shop and what each may do.

A role is a Django group whose name is the identifier below; people read its label. The
table is the truth: `sync_roles` brings the groups in line with it after every upgrade.
Groups that the merchant made are left alone.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import Promise

#: apps whose permissions roles and groups are made of
OWN_APPS = (
    *("oplog", "shop", "sms", "accounts", "jobs", "books", "sheets", "files"),
    *("catalog", "stock", "sales"),
)

_SEE_GOODS = {
    "catalog.view_goods",
    "catalog.view_category",
    "catalog.view_brand",
    "catalog.view_unit",
}
# the price log and the shelf log are read from the history
_SEE_LOGS = {"catalog.view_historicalgoods"}
_CUSTOMERS = {"accounts.view_customer", "accounts.change_customer"}
_ALERTS = {
    "stock.view_lowstockalert",
    "stock.handle_alerts",
    "stock.receive_alerts",
}
_SEE_SUPPLY = {"stock.view_supplier", "stock.view_replenishmentorder"}
_SHEETS = {"sheets.view_batch", "sheets.add_batch"}
_SEE_SALES = {
    "sales.view_order",
    "sales.view_payment",
    "sales.view_refund",
    "sales.view_pointsaccount",
    "sales.view_pointsentry",
}
_SEE_STOCK = {
    "stock.view_stockbalance",
    "stock.view_stockmovement",
    "stock.view_stockshortage",
    "stock.view_stocktake",
    "stock.view_writeoff",
}


@dataclass(frozen=True)
class Role:
    """One built-in role: its group's name, its word on screens, what it is for, and
    its permissions."""

    name: str
    label: "str | Promise"
    purpose: "str | Promise"
    permissions: frozenset[str]


def _role(name: str, label: Any, purpose: Any, *permissions: set[str]) -> Role:
    return Role(name, label, purpose, frozenset().union(*permissions))


_BUYER = _role(
    "buyer",
    _("Buyer"),
    _("Enters goods, imports sheets, submits for review; sees costs"),
    _SEE_GOODS,
    _SEE_STOCK,
    _SHEETS,
    {"catalog.add_goods", "catalog.change_goods", "catalog.view_cost"},
    {"stock.view_soldline", "stock.order_goods", "stock.receive_goods"},
    _SEE_SUPPLY,
    _ALERTS,
)
_REVIEWER = _role(
    "reviewer",
    _("Reviewer"),
    _("Approves or rejects goods and corrects reviewed ones"),
    _SEE_GOODS,
    _SEE_LOGS,
    {"catalog.review_goods"},
)
_MERCHANDISER = _role(
    "merchandiser",
    _("Merchandiser"),
    _("Puts goods on and off the shelf, changes prices, looks after banners"),
    _SEE_GOODS,
    _SEE_LOGS,
    _SHEETS,
    {f"catalog.{verb}_banner" for verb in ("add", "change", "delete", "view")},
    {
        "catalog.list_goods",
        "catalog.price_goods",
        "catalog.view_repricingrun",
        "catalog.add_repricingrun",
        "catalog.view_markdownrule",
    },
)
_STOCK_KEEPER = _role(
    "stock_keeper",
    _("Stock keeper"),
    _("Receives, counts, packs and ships; sees goods"),
    _SEE_GOODS,
    _SEE_STOCK,
    _SEE_SUPPLY,
    _ALERTS,
    _SHEETS,
    {
        "stock.open_stock",
        "stock.receive_goods",
        "stock.count_goods",
        "stock.write_off",
        "sales.view_order",
        "sales.pack_order",
        "sales.note_order",
    },
)
_SERVICE = _role(
    "service",
    _("Customer service"),
    _("Looks after orders and customers; sees goods"),
    _SEE_GOODS,
    _CUSTOMERS,
    _SEE_SALES,
    {
        "sales.add_order",
        "sales.sell_at_counter",
        "sales.cancel_order",
        "sales.note_order",
        "sales.take_payment",
        "sales.add_refund",
    },
)
_FINANCE = _role(
    "finance",
    _("Finance"),
    _("Looks after payments and reports; sees costs and logs"),
    _SEE_GOODS,
    _SEE_LOGS,
    _SEE_STOCK,
    _SEE_SALES,
    {
        "catalog.view_cost",
        "catalog.view_repricingrun",
        "books.view_bookscheck",
        "stock.view_soldline",
        "sales.take_payment",
        "sales.add_refund",
        "sales.approve_refund",
        "sales.reconcile",
        "sales.view_billday",
    },
)
_MANAGER = _role(
    "manager",
    _("Manager"),
    _("Everything, with settings, staff, logs and approvals"),
    *(
        set(role.permissions)
        for role in (
            _BUYER,
            _REVIEWER,
            _MERCHANDISER,
            _STOCK_KEEPER,
            _SERVICE,
            _FINANCE,
        )
    ),
    {
        f"catalog.{verb}_{word}"
        for verb in ("add", "change", "delete")
        for word in ("category", "brand", "unit")
    },
    {
        "catalog.archive_goods",
        "catalog.create_missing",
        "stock.adjust_stock",
        "stock.import_history",
        "sales.adjust_points",
        "catalog.change_repricingrun",
        "catalog.approve_repricingrun",
        "catalog.change_markdownrule",
        "accounts.manage_staff",
        "accounts.view_personal_data",
        "accounts.erase_customer",
        "shop.view_shopsetting",
        "shop.change_shopsetting",
        "oplog.view_operationlog",
        "sheets.view_all_batches",
        "jobs.view_jobs",
        "jobs.manage_jobs",
        "files.view_orphansearch",
        "files.manage_files",
        "sms.view_smsmessage",
        "sms.manage_sms",
    },
)

ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        _BUYER,
        _REVIEWER,
        _MERCHANDISER,
        _STOCK_KEEPER,
        _SERVICE,
        _FINANCE,
        _MANAGER,
    )
}


def permissions_of(role: str) -> frozenset[str]:
    """What a built-in role may do, as `app.codename`."""
    return ROLES[role].permissions


def role_label(group_name: str) -> str:
    """The word on screens for a group: translated for built-in ones, else its name."""
    role = ROLES.get(group_name)
    return str(role.label) if role else group_name


def role_names_with(permission: str) -> list[str]:
    """Who may do this: labels of the built-in roles, then of the merchant's groups."""
    built_in = [r for r in ROLES.values() if permission in r.permissions]
    app_label, codename = permission.split(".", 1)
    own = (
        Group.objects.filter(
            permissions__content_type__app_label=app_label,
            permissions__codename=codename,
        )
        .exclude(name__in=ROLES)
        .order_by("name")
    )
    return [str(role.label) for role in built_in] + [group.name for group in own]


def permission_name(permission: Permission) -> str:
    """`app.codename`; its content type must be loaded."""
    return f"{permission.content_type.app_label}.{permission.codename}"


@dataclass(frozen=True)
class SyncReport:
    """What `sync_roles` did: `app.codename` by role; `unknown` waits for its app."""

    created: list[str]
    added: dict[str, list[str]]
    removed: dict[str, list[str]]
    unknown: list[str]

    @property
    def changed(self) -> bool:
        return bool(self.created or self.added or self.removed)


@transaction.atomic
def sync_roles() -> SyncReport:
    """Bring the seven groups in line with the table; doing it twice changes nothing."""
    known = {
        permission_name(p): p
        for p in Permission.objects.filter(
            content_type__app_label__in=OWN_APPS
        ).select_related("content_type")
    }
    created: list[str] = []
    added: dict[str, list[str]] = {}
    removed: dict[str, list[str]] = {}
    unknown: set[str] = set()
    for role in ROLES.values():
        group, is_new = Group.objects.get_or_create(name=role.name)
        if is_new:
            created.append(role.name)
        has = {
            permission_name(p): p
            for p in group.permissions.select_related("content_type")
        }
        unknown |= role.permissions - known.keys()
        missing = sorted((role.permissions & known.keys()) - has.keys())
        foreign = sorted(has.keys() - role.permissions)
        if missing:
            group.permissions.add(*(known[name] for name in missing))
            added[role.name] = missing
        if foreign:
            group.permissions.remove(*(has[name] for name in foreign))
            removed[role.name] = foreign
    return SyncReport(created, added, removed, sorted(unknown))
