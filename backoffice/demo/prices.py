"""Repricing in the demo: target margins and a ladder, a run that was taken back, one that
waits for its hour, and what the shop proposes this morning."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from backoffice.accounts.models import User
from catalog import proposing, reversal, studio, vocabulary
from catalog.enums import RuleKind, RunStatus
from catalog.models import Category, Goods, MarkdownRule, RepricingRun
from catalog.rules import Rule, parse_rounding

#: category → (target margin in percent, rounding)
TARGETS = {
    "葡提梅果": ("32", "0.1"),
    "柑橘橙柚": ("36", "0.1"),
    "苹果蕉梨": ("34", "0.1"),
    "西瓜/蜜瓜": ("30", "0.1"),
}
#: (category or all others, days since received, percent off)
LADDER = ((None, 3, "10"), (None, 5, "30"), ("现切/下午茶", 1, "40"))
MISTAKEN = "干果/饮品"
EVENING = "西瓜/蜜瓜"


def aims(by: User) -> None:
    """Set target margins and the ladder."""
    for name, (margin, rounding) in TARGETS.items():
        category = Category.objects.get(name=name)
        category.target_margin, category.rounding = Decimal(margin), rounding
        vocabulary.save(category, by=by)
    for shelf, days, percent in LADDER:
        kept = Category.objects.get(name=shelf) if shelf else None
        rule = MarkdownRule(category=kept, days=days, percent=Decimal(percent))
        proposing.save_rule(rule, by=by)


def _draft(shelf: str, percent: str, by: User, reason: str) -> RepricingRun:
    recipe = studio.Recipe(
        Rule(RuleKind.PERCENT, Decimal(percent)), parse_rounding("0.1")
    )
    goods = Goods.objects.on_sale().filter(category__name=shelf)
    words = f"分类：{shelf}"
    return studio.draft(
        studio.compute(goods, recipe), recipe, by=by, selection=words, reason=reason
    )


def mistake(by: User) -> None:
    """A discount on the wrong shelf."""
    studio.submit(_draft(MISTAKEN, "-6", by, "周末特价"), by=by)


def taken_back(by: User) -> None:
    """Somebody notices."""
    run = RepricingRun.objects.filter(
        status=RunStatus.APPLIED, selection__endswith=MISTAKEN
    ).latest("pk")
    reversal.roll_back(run, by=by, reason="选错了分类")


def evening(by: User) -> None:
    """Melons are cheaper tomorrow evening; then prices return."""
    day = timezone.localtime() + timedelta(days=1)
    start = day.replace(hour=18, minute=0, second=0, microsecond=0)
    run = _draft(EVENING, "-8", by, "晚市特价")
    studio.submit(run, by=by, starts_at=start, ends_at=start + timedelta(hours=4))


def proposed(_by: User) -> None:
    """What the schedule finds."""
    proposing.propose_from_costs()
