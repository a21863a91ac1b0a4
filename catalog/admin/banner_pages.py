"""The pages around banners: their order, their look on a phone, what was done to them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backoffice.base.admin import VerbAdmin, tag
from backoffice.base.errors import DomainError
from backoffice.oplog.actions import action_label, means_label
from backoffice.oplog.models import OperationLog
from backoffice.oplog.reading import EMPTY, Reader
from catalog import banners
from catalog.admin import cells
from catalog.admin.goods_history import Entry, Line
from catalog.enums import BannerState
from catalog.models import Banner

SEEN = "seen"
PLACE = "place-"
#: so many acts stand on a banner's history page
MOST_ACTS = 200
_TONES = {
    BannerState.SHOWING: "green",
    BannerState.PLANNED: "blue",
    BannerState.OVER: "slate",
    BannerState.OFF: "hollow",
}


class MomentInput(forms.DateTimeInput):
    """The browser's own choice of day and time; seconds only where there are some."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        if not isinstance(value, datetime):
            return super().format_value(value)
        places = "seconds" if value.second else "minutes"
        return value.replace(tzinfo=None).isoformat(timespec=places)


def state_tag(banner: Banner, at: datetime | None = None) -> Any:
    """Where a banner stands, as a coloured tag."""
    state = banner.state(at)
    return tag(state, state.label, tone=_TONES[state])


def window(banner: Banner) -> str:
    """Its time window in words."""
    start, end = (_clock(at) for at in (banner.starts_at, banner.ends_at))
    if start and end:
        return _("%(start)s to %(end)s") % {"start": start, "end": end}
    if start:
        return _("from %(start)s") % {"start": start}
    return _("until %(end)s") % {"end": end} if end else _("always")


def _clock(at: datetime | None) -> str:
    if at is None:
        return ""
    local = timezone.localtime(at)
    day = "%m-%d" if local.year == timezone.localdate().year else "%Y-%m-%d"
    return local.strftime(f"{day} %H:%M")


class BannerPages(VerbAdmin):
    """Mixed into the admin of banners."""

    def get_urls(self) -> list[URLPattern]:
        """Adds the order and the look on a phone."""
        view = self.admin_site.admin_view
        return [
            path("order/", view(self.order_view), name="catalog_banner_order"),
            path("preview/", view(self.preview_view), name="catalog_banner_preview"),
            *super().get_urls(),
        ]

    def order_view(self, request: HttpRequest) -> HttpResponse:
        """Take the places that were typed or dragged."""
        back = HttpResponseRedirect(self._back(request))
        if request.method != "POST":
            return back
        user: Any = request.user
        if not self.has_change_permission(request):
            raise PermissionDenied("catalog.change_banner")
        seen = [int(pk) for pk in request.POST.get(SEEN, "").split(",") if _is_id(pk)]
        ids = banners.placed(seen, _places(request.POST))
        try:
            banners.order_banners(ids, seen=seen, by=user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The order is saved."))
        return back

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The carousel as a phone shows it, now or at another moment.

        With `?banner=` that one is among them, whatever its time and switch say.
        """
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied("catalog.view_banner")
        at = _moment(request.GET.get("at", ""))
        chosen = request.GET.get("banner", "")
        slides: list[dict[str, Any]] = []
        others: list[dict[str, Any]] = []
        for banner in Banner.objects.all():
            is_chosen = str(banner.pk) == chosen
            is_shown = banner.state(at) == BannerState.SHOWING
            (slides if is_shown or is_chosen else others).append(
                {
                    "banner": banner,
                    "url": cells.picture_url(str(banner.image)),
                    "page": self.object_url(banner),
                    "status": state_tag(banner, at),
                    "window": window(banner),
                    "is_chosen": is_chosen,
                }
            )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("The carousel on a phone"),
            "at": at,
            "at_typed": MomentInput().format_value(timezone.localtime(at)),
            "chosen": chosen if _is_id(chosen) else "",
            "slides": slides,
            "others": others,
            "is_now": "at" not in request.GET,
        }
        return self._page(request, "preview.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """What was done to it, as the operation log keeps it."""
        banner = self.get_object(request, object_id)
        if banner is None:
            raise Http404
        if not self.has_view_or_change_permission(request, banner):
            raise PermissionDenied("catalog.view_banner")
        rows = OperationLog.objects.filter(
            target_type=Banner._meta.label_lower, target_id=str(banner.pk)
        ).select_related("by")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(banner),
            "object": banner,
            "module_name": capfirst(self.opts.verbose_name_plural),
            "entries": [_entry(row) for row in rows[:MOST_ACTS]],
            **(extra_context or {}),
        }
        return self._page(request, "history.html", context)


def _places(posted: Mapping[str, Any]) -> dict[int, int]:
    """{banner: the place that it shall have}; what is no place is left out."""
    return {
        int(name.removeprefix(PLACE)): int(value)
        for name, value in posted.items()
        if name.startswith(PLACE) and _is_id(name.removeprefix(PLACE), value)
    }


def _is_id(*texts: str) -> bool:
    return all(t.isascii() and t.isdigit() and len(t) < 19 for t in texts)


def _moment(text: str) -> datetime:
    """The moment of an address; now for what is none."""
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or not banners.YEARS[0] <= at.year <= banners.YEARS[1]:
        return timezone.now().replace(second=0, microsecond=0)
    return timezone.make_aware(at) if timezone.is_naive(at) else at


def _entry(row: OperationLog) -> Entry:
    details = Reader(row, resolve=True).details()
    return Entry(
        row.at,
        str(row.by or _("The system")),
        action_label(row.action),
        means_label(row.means),
        "",
        "",
        [Line(d.label, d.old if d.is_change else EMPTY, d.new) for d in details],
    )
