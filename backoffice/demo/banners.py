"""The demo's carousel: three banners, each leading to something of the shop."""

from datetime import timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from backoffice.accounts.models import User
from backoffice.demo.pictures.wide import render_wide
from catalog import banners
from catalog.models import Category

#: title, picture, the category that it leads to, for how many days from now on
BANNERS = (
    ("当季柑橘 满筐上市", "citrus", "柑橘橙柚", None),
    ("葡提莓果 现摘现发", "berries", "葡提梅果", None),
    ("礼盒果篮 提前预订", "gifts", "礼盒果篮", 365),
)


def hang_up(by: User) -> None:
    """Enter them, in their order."""
    for title, picture, category, days in BANNERS:
        pk = Category.objects.get(name=category).pk
        end = None
        if days:
            day = timezone.localtime() + timedelta(days=days)
            end = day.replace(hour=0, minute=0, second=0, microsecond=0)
        banners.create_banner(
            {
                "title": title,
                "link": f"/pages/goods/list?category={pk}",
                "ends_at": end,
            },
            image=ContentFile(render_wide(picture), name=f"{picture}.jpg"),
            by=by,
        )
