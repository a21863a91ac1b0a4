"""The checks of the books, and what waits where they found something."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    EmptyState,
    ReadOnlyAdmin,
    Tab,
    cells,
    column,
    home,
    tag,
    when,
)
from backoffice.books.models import BooksCheck
from backoffice.oplog.actions import means_label

VIEW = "books.view_bookscheck"


@admin.register(BooksCheck)
class BooksCheckAdmin(ReadOnlyAdmin):
    """The newest first; a check's page lists what differed."""

    list_display = ["time", "outcome", "looked_at", "differed", "way"]
    list_display_links = ["time"]
    ordering = ["-id"]
    sortable_by = ()
    tabs = [Tab("differing", gettext_lazy("differing"), {"differing__gt": 0})]
    fields = ["time", "outcome", "looked_at", "differed", "what_differs"]
    readonly_fields = ["time", "outcome", "looked_at", "differed", "what_differs"]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(_("The books were not checked yet; they are every night."))

    def object_status(self, request: HttpRequest, obj: Any) -> Any:
        return self.outcome(obj)

    @column(gettext_lazy("time"), phone="title")
    def time(self, obj: BooksCheck) -> Any:
        return when(obj.at)

    @column(gettext_lazy("outcome"))
    def outcome(self, obj: BooksCheck) -> Any:
        if obj.differing:
            return tag("differ", _("differ"), tone="red")
        return tag("agree", _("agree"), tone="green")

    @column(gettext_lazy("balances looked at"), numeric=True)
    def looked_at(self, obj: BooksCheck) -> Any:
        return cells.number(obj.checked)

    @column(gettext_lazy("differing"), numeric=True)
    def differed(self, obj: BooksCheck) -> Any:
        return cells.number(obj.differing)

    @column(gettext_lazy("means"))
    def way(self, obj: BooksCheck) -> Any:
        return means_label(obj.means)

    @column(gettext_lazy("differences"))
    def what_differs(self, obj: BooksCheck) -> Any:
        """What was booked beside what the ledger says."""
        if not obj.differences:
            return cells.NOTHING
        rows = format_html_join(
            "",
            '<tr><td>{}</td><td>{}</td><td class="num">{}</td><td class="num">{}</td></tr>',
            (
                (d["object"], d["kind"], d["booked"], d["ledger"])
                for d in obj.differences
            ),
        )
        return format_html(
            '<table class="plain"><thead><tr><th scope="col">{}</th><th scope="col">{}'
            '</th><th scope="col" class="num">{}</th><th scope="col" class="num">{}</th>'
            "</tr></thead><tbody>{}</tbody></table>",
            _("Object"),
            _("Figure"),
            _("Booked"),
            _("Ledger"),
            rows,
        )


@home.cards
def books_card(request: HttpRequest) -> Iterator[home.Card]:
    """Where the latest check found that the books differ."""
    if not request.user.has_perm(VIEW):
        return
    latest = BooksCheck.objects.first()
    if latest is not None and latest.differing:
        yield home.Card(
            _("Balances that differ from their ledgers"),
            latest.differing,
            reverse("admin:books_bookscheck_change", args=[latest.pk]),
            "fa-scale-unbalanced",
            tone="danger",
            hint=_("Look for the cause; nothing is repaired by itself."),
        )
