"""Every action that is recorded, in the words of the screen.

A test compares this table with what the code records. Names are dotted and past: the
thing, then what happened to it.
"""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import Promise

ACTIONS: "dict[str, str | Promise]" = {
    # goods
    "goods.created": _("Goods entered"),
    "goods.changed": _("Goods changed"),
    "goods.submitted": _("Goods submitted for review"),
    "goods.approved": _("Goods approved"),
    "goods.rejected": _("Goods rejected"),
    "goods.listed": _("Goods put on the shelf"),
    "goods.delisted": _("Goods taken off the shelf"),
    "goods.revised": _("Goods taken back to draft"),
    "goods.archived": _("Goods archived"),
    "goods.restored": _("Goods restored"),
    "goods.repriced": _("Price changed"),
    "goods.cost_averaged": _("Cost averaged on receipt"),
    "goods.pictures_added": _("Pictures added"),
    "goods.pictures_ordered": _("Pictures put in order"),
    "goods.main_picture_chosen": _("Main picture chosen"),
    "goods.picture_removed": _("Picture removed"),
    "goods.picture_cropped": _("Picture cut to size"),
    # what goods are sorted by
    "category.created": _("Category made"),
    "category.changed": _("Category changed"),
    "category.deleted": _("Category deleted"),
    "brand.created": _("Brand made"),
    "brand.changed": _("Brand changed"),
    "brand.deleted": _("Brand deleted"),
    "unit.created": _("Unit made"),
    "unit.changed": _("Unit changed"),
    "unit.deleted": _("Unit deleted"),
    # the storefront's carousel
    "banner.created": _("Banner added"),
    "banner.changed": _("Banner changed"),
    "banner.enabled": _("Banner switched on"),
    "banner.disabled": _("Banner switched off"),
    "banner.ordered": _("Banners put in order"),
    "banner.removed": _("Banner removed"),
    # stock
    "stock.opened": _("Opening stock entered"),
    "stock.adjusted": _("Stock adjusted"),
    "stock.written_off": _("Goods written off"),
    "supplier.added": _("Supplier added"),
    "supplier.changed": _("Supplier changed"),
    "supplier.assigned": _("Supplier of a goods changed"),
    "replenishment.drafted": _("Replenishment drafted"),
    "replenishment.changed": _("Replenishment changed"),
    "replenishment.ordered": _("Replenishment ordered"),
    "replenishment.received": _("Replenishment received"),
    "replenishment.cancelled": _("Replenishment cancelled"),
    "stocktake.started": _("Stocktake started"),
    "stocktake.extended": _("Goods added to a stocktake"),
    "stocktake.counted": _("Stock counted"),
    "stocktake.finished": _("Count finished"),
    "stocktake.reopened": _("Count taken up again"),
    "stocktake.posted": _("Stocktake posted"),
    "stocktake.cancelled": _("Stocktake cancelled"),
    "stocktake.undone": _("Stocktake taken back"),
    "books.differ": _("Books found to differ"),
    # sales
    "order.placed": _("Order entered"),
    "order.paid": _("Payment taken"),
    "order.cancelled": _("Order cancelled"),
    "order.weighed": _("Order weighed"),
    "order.ready": _("Order packed for pick-up"),
    "order.handed_over": _("Order handed over"),
    "order.shipped": _("Order shipped"),
    "order.completed": _("Order completed"),
    "order.noted": _("Note added to an order"),
    "refund.requested": _("Refund asked for"),
    "payment.asked": _("WeChat Pay asked for a payment"),
    "payment.let_go": _("Attempt to pay ended, what arrived did not fit"),
    "payment.looked_at": _("Payment that did not fit looked at"),
    "bill.compared": _("Bill of WeChat Pay compared"),
    "finding.settled": _("Difference with WeChat Pay settled"),
    "refund.seconded": _("Refund approved, waiting for a second person"),
    "refund.approved": _("Refund approved"),
    "refund.handed_back": _("Refund handed back by staff"),
    "refund.retried": _("Refund sent again"),
    "refund.rejected": _("Refund rejected"),
    "points.adjusted": _("Points adjusted"),
    # repricing runs
    "repricing.drafted": _("Repricing drafted"),
    "repricing.moved": _("Repricing computed again"),
    "repricing.proposed": _("Repricing proposed"),
    "repricing.scheduled": _("Repricing scheduled"),
    "repricing.applied": _("Repricing applied"),
    "repricing.ended": _("Repricing ended, prices returned"),
    "repricing.rolled_back": _("Repricing rolled back"),
    "repricing.stale": _("Repricing gone stale"),
    "markdown.created": _("Markdown rule made"),
    "markdown.changed": _("Markdown rule changed"),
    "markdown.deleted": _("Markdown rule deleted"),
    "repricing.rejected": _("Repricing rejected"),
    "repricing.cancelled": _("Repricing cancelled"),
    # sheets
    "sheet.received": _("Sheet handed in"),
    "sheet.imported": _("Sheet imported"),
    "sheet.exported": _("Sheet exported"),
    "sheet.undone": _("Import undone"),
    # the shop
    "setting.changed": _("Shop setting changed"),
    "setting.reset": _("Shop setting reset"),
    "demo.filled": _("Demo shop filled"),
    "demo.password_set": _("Password of the demo set"),
    # jobs
    "job.started": _("Job started by hand"),
    "task.retried": _("Failed task tried again"),
    "task.dismissed": _("Failed task dismissed"),
    # alerts
    "alert.acknowledged": _("Stock alert acknowledged"),
    "alert.snoozed": _("Stock alert put off"),
    "alert.reopened": _("Stock alert opened again"),
    # files
    "files.orphans_removed": _("Files that nothing uses deleted"),
    # messages
    "sms.retried": _("Failed SMS tried again"),
    "sms.tested": _("Test SMS sent"),
    # people
    "staff.created": _("Staff account made"),
    "staff.changed": _("Staff account changed"),
    "staff.password_set": _("New password given"),
    "staff.disabled": _("Account switched off"),
    "staff.enabled": _("Account switched on"),
    "account.changed": _("Own account changed"),
    "account.password_changed": _("Own password changed"),
    "customer.registered": _("Customer registered"),
    "customer.joined": _("Customer bound to WeChat"),
    "customer.taken_over": _("Account taken over by the mobile's owner"),
    "customer.linked": _("Customer linked WeChat"),
    "customer.disabled": _("Customer switched off"),
    "customer.enabled": _("Customer switched on"),
    "customer.password_set": _("New password given to a customer"),
    "customer.unbound": _("WeChat of a customer unbound"),
    "customer.exported": _("Data of a customer taken away"),
    "customer.erased": _("Data of a customer erased"),
    "role.created": _("Role made"),
    "role.changed": _("Role changed"),
    "role.deleted": _("Role taken away"),
    # safety
    "session.signed_in": _("Signed in"),
    "session.signed_out": _("Signed out"),
    "session.failed": _("Sign-in failed"),
    "session.locked": _("Locked out after failed sign-ins"),
    "session.all_ended": _("Signed out everywhere"),
    "session.token_reused": _("Used-up token came again; signed out"),
}

#: the way in which it came; what a sheet, a run or an undo wrote is told apart from
#: what somebody did by hand
MEANS: "dict[str, str | Promise]" = {
    "admin": _("Back office"),
    "api": _("Storefront"),
    "command": _("Command line"),
    "schedule": _("Schedule"),
    "sheet": _("Sheet"),
    "run": _("Repricing run"),
    "rollback": _("Rollback"),
}


def action_label(action: str) -> str:
    """The action in words; one of a newer version stays as it is written."""
    return str(ACTIONS.get(action, action))


def means_label(means: str) -> str:
    """The way in which it came, in words."""
    return str(MEANS.get(means, means))
