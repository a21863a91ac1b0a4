"""What the storefront's carousel shows."""

import re
import secrets
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.enums import BannerState
from catalog.models.goods import PLAIN

LINK_LENGTH = 500
_SCHEME = re.compile(r"^https://", re.IGNORECASE)
#: /pages/goods/detail?id=17: the path of a page of the mini-program, and its parameters
_PAGE = re.compile(r"/pages(/[A-Za-z0-9_-]+)+(\?[A-Za-z0-9._~!$&*+,;=:@/?%()-]*)?")
# what could end an attribute or hide where a link leads
_UNSAFE = re.compile(r"[\s\"'<>\\^`{|}\x00-\x1f\x7f]")
_is_url = URLValidator(schemes=["https"])


def is_page(link: str) -> bool:
    """Whether the link is a page of the mini-program."""
    return _PAGE.fullmatch(link) is not None


def check_link(link: str) -> None:
    """Validator: https://… or a page of the mini-program (/pages/…), nothing else."""
    if is_page(link):
        return
    try:
        if _UNSAFE.search(link) or not _SCHEME.match(link):
            raise ValidationError("")
        _is_url(link)
        # user:password@ before a host is there to mislead
        if "@" in re.split(r"[/?#]", link[len("https://") :], maxsplit=1)[0]:
            raise ValidationError("")
    except ValidationError:
        raise ValidationError(
            _(
                "A link begins with https:// or is a page of the mini-program, for "
                "example /pages/goods/detail?id=17."
            ),
            code="link",
        ) from None


def banner_path(banner: "Banner | None", filename: str) -> str:
    """A random ASCII name: nothing of the uploaded file's name is kept."""
    return f"banners/{secrets.token_hex(12)}.jpg"


class BannerQuerySet(models.QuerySet["Banner"]):
    def in_state(self, state: BannerState, at: datetime) -> "BannerQuerySet":
        """Those that are showing, planned, over or off at this moment."""
        return self.filter(state_condition(state, at))


def state_condition(state: BannerState, at: datetime) -> Q:
    """The same as `Banner.state` says, for the database."""
    if state == BannerState.OFF:
        return Q(is_enabled=False)
    is_over = Q(ends_at__isnull=False, ends_at__lte=at)
    is_planned = Q(starts_at__isnull=False, starts_at__gt=at)
    condition = {
        BannerState.OVER: is_over,
        BannerState.PLANNED: is_planned & ~is_over,
        BannerState.SHOWING: ~is_planned & ~is_over,
    }[state]
    return Q(is_enabled=True) & condition


class Banner(models.Model):
    """One picture of the carousel, with where it leads and when it is shown.

    It is shown from `starts_at` on until just before `ends_at`; an end that is empty is
    open. Written only by `catalog.banners`.
    """

    title = models.CharField(
        _("title"),
        max_length=60,
        validators=PLAIN,
        help_text=_("For the staff; customers see the picture only."),
    )
    # no `width_field`: it would read the file anew, from a file server perhaps
    image = models.ImageField(_("picture"), upload_to=banner_path)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    link = models.CharField(
        _("link"),
        max_length=LINK_LENGTH,
        validators=[check_link],
        help_text=_(
            "Where a tap leads: https://… or a page of the mini-program, for example "
            "/pages/goods/detail?id=17."
        ),
    )
    starts_at = models.DateTimeField(
        _("shown from"),
        null=True,
        blank=True,
        help_text=_("Empty: from now on."),
    )
    ends_at = models.DateTimeField(
        _("shown until"),
        null=True,
        blank=True,
        help_text=_("From this moment on it is gone. Empty: without end."),
    )
    sequence = models.PositiveIntegerField(_("position"), default=0, editable=False)
    is_enabled = models.BooleanField(
        _("enabled"),
        default=True,
        help_text=_("Off: it is not shown, whatever its time says."),
    )
    created_at = models.DateTimeField(
        _("created"), default=timezone.now, editable=False
    )

    objects = BannerQuerySet.as_manager()

    class Meta:
        verbose_name = _("banner")
        verbose_name_plural = _("banners")
        ordering = ["sequence", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(link__startswith="https://")
                | Q(link__startswith="/pages/"),
                name="banner_link_safe",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(ends_at__gt=F("starts_at")),
                name="banner_ends_after_start",
                violation_error_message=_("The end comes before the start."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def state(self, at: datetime | None = None) -> BannerState:
        """Where it stands at this moment (now)."""
        at = at or timezone.now()
        if not self.is_enabled:
            return BannerState.OFF
        if self.ends_at is not None and self.ends_at <= at:
            return BannerState.OVER
        if self.starts_at is not None and self.starts_at > at:
            return BannerState.PLANNED
        return BannerState.SHOWING


def tidy_link(link: Any) -> str:
    """As it is kept: without blanks around it, its scheme in small letters."""
    text = str(link or "").strip()
    return f"https://{text[8:]}" if _SCHEME.match(text) else text
