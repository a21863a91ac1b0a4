"""Filters of lists that Django lacks."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.admin import FieldListFilter
from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _


class DayRangeFilter(FieldListFilter):
    """From one shop day to another, both included; `("at", DayRangeFilter)`.

    What cannot be read as a day is left out.
    """

    template = "admin/day_range_filter.html"

    def __init__(self, field: Any, request: HttpRequest, *args: Any, **kwargs: Any):
        path = str(kwargs["field_path"])
        self.from_parameter = f"{path}_from"
        self.to_parameter = f"{path}_to"
        self.is_datetime = isinstance(field, DateTimeField)
        super().__init__(field, request, *args, **kwargs)
        self.first = _day(self._used(self.from_parameter))
        self.last = _day(self._used(self.to_parameter))

    def _used(self, name: str) -> str:
        values: Any = self.used_parameters.get(name) or [""]
        return str(values[-1])

    def expected_parameters(self) -> list[str | None]:
        """The parameters of this filter in the address."""
        return [self.from_parameter, self.to_parameter]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Within the days; an open side does not limit."""
        if self.first:
            queryset = queryset.filter(
                **{f"{self.field_path}__gte": self._bound(self.first)}
            )
        if self.last:
            queryset = queryset.filter(
                **{f"{self.field_path}__lt": self._bound(self.last + timedelta(days=1))}
            )
        return queryset

    def _bound(self, day: date) -> date:
        if not self.is_datetime:
            return day
        return timezone.make_aware(datetime.combine(day, time.min))

    def choices(self, changelist: Any) -> Any:
        """Ready-made ranges, as Django's own filters give theirs."""
        today = timezone.localdate()
        names = (self.from_parameter, self.to_parameter)
        ranges = [
            (_("All"), None, None),
            (_("Today"), today, today),
            (
                _("Yesterday"),
                today - timedelta(days=1),
                today - timedelta(days=1),
            ),
            (_("Last 7 days"), today - timedelta(days=6), today),
            (_("This month"), today.replace(day=1), today),
        ]
        for label, first, last in ranges:
            yield {
                "selected": (self.first, self.last) == (first, last),
                "query_string": changelist.get_query_string(
                    {names[0]: first, names[1]: last} if first else {},
                    remove=list(names),
                ),
                "display": label,
            }

    @property
    def summary(self) -> str:
        """The chosen range in a few characters; "" for none."""
        if self.first and self.last and self.first == self.last:
            return f"{self.first:%m-%d}"
        if not (self.first or self.last):
            return ""
        first = f"{self.first:%m-%d}" if self.first else ""
        last = f"{self.last:%m-%d}" if self.last else ""
        return f"{first} – {last}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
