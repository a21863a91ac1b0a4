"""Categories, brands and units: the words by which goods are sorted and counted.

The only writer of their rows for people; sheets make missing ones by `catalog.resources`.
Every change is logged, and a word that goods use is never deleted.
"""

import secrets
from typing import IO, TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_q.tasks import async_task

from backoffice.base.errors import DomainError, FieldErrors
from backoffice.base.money import plain
from backoffice.base.pictures import BadPicture, read_picture
from backoffice.base.text import one_line
from backoffice.files import thumbnails
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog.models import Brand, Category, Goods, Unit
from catalog.moves import permit
from catalog.pictures import discard
from catalog.rules import parse_rounding

if TYPE_CHECKING:
    from backoffice.accounts.models import User

Word = Category | Brand | Unit
#: which columns of goods point at each
USES: dict[type[models.Model], tuple[str, ...]] = {
    Category: ("category",),
    Brand: ("brand",),
    Unit: ("unit", "case_unit"),
}
_LOGGED = ("name", "sequence", "step", "image", "target_margin", "rounding")


class StillUsed(DomainError):
    """Goods use this word, so it cannot be deleted."""

    slug = "wrong_status"
    http_status = 409


def save(word: Word, *, by: "User", image: IO[bytes] | None = None) -> Word:
    """Write a new or changed word; `image` is a new picture for a category.

    Raises NotPermitted, and FieldErrors: a name that is taken in any case of its
    letters, not a picture, a step that quantities of goods do not fit.
    """
    kind = word._meta.model_name
    permit(by, f"catalog.{'change' if word.pk else 'add'}_{kind}", _("Change"))
    word.name = one_line(word.name or "")
    _check(word)
    if image is None or not isinstance(word, Category):
        return _write(word, by=by)
    stored = _store(image)
    try:
        return _write(word, by=by, image=stored)
    except BaseException:
        discard([stored])
        raise


@transaction.atomic
def _write(word: Word, *, by: "User", image: str = "") -> Word:
    model, is_new = type(word), word.pk is None
    before = (
        None if is_new else model._default_manager.select_for_update().get(pk=word.pk)
    )
    if image and isinstance(word, Category):
        word.image = image
    if isinstance(word, Unit) and isinstance(before, Unit):
        _check_step(word, before)
    try:
        with transaction.atomic():
            word.save()
    except IntegrityError:
        raise _taken() from None
    touched = _differences(before, word)
    if is_new or touched:
        record(
            by=by,
            action=f"{word._meta.model_name}.{'created' if is_new else 'changed'}",
            target=word,
            **({} if is_new else {"changes": touched}),
        )
    if isinstance(word, Brand) and "name" in touched and not is_new:
        async_task("catalog.tasks.index_brand", word.pk)
    old = _image(before)
    if _image(word) and old != _image(word):
        thumbnails.request(_image(word))
    if old and old != _image(word):
        transaction.on_commit(lambda: discard([old]))
    return word


@transaction.atomic
def delete(word: Word, *, by: "User") -> None:
    """Take a word away that no goods uses; raises StillUsed otherwise."""
    kind = word._meta.model_name
    permit(by, f"catalog.delete_{kind}", _("Delete"))
    word = type(word)._default_manager.select_for_update().get(pk=word.pk)
    refuse_used(word)
    label, image = str(word), _image(word)
    record(by=by, action=f"{kind}.deleted", target=word, name=label)
    word.delete()
    if image:
        transaction.on_commit(lambda: discard([image]))


def refuse_used(word: Word) -> None:
    """Raises StillUsed where goods use it, archived ones included."""
    count = used_by(word).count()
    if count:
        raise StillUsed(
            ngettext(
                "%(count)s goods uses %(word)s; give it another one first.",
                "%(count)s goods use %(word)s; give them another one first.",
                count,
            )
            % {"count": count, "word": word},
            count=count,
        )


def used_by(word: Word) -> "models.QuerySet[Goods]":
    """The goods that use it."""
    condition = Q()
    for name in USES[type(word)]:
        condition |= Q(**{name: word.pk})
    return Goods.objects.filter(condition)


def _check(word: Word) -> None:
    errors: dict[str, list[str]] = {}
    try:
        word.clean_fields(exclude={"image"})
    except ValidationError as error:
        errors = {k: list(v) for k, v in error.message_dict.items()}
    if isinstance(word, Category) and word.rounding:
        try:
            word.rounding = parse_rounding(word.rounding).as_text()
        except FieldErrors as refusal:
            errors |= refusal.errors
    same = type(word)._default_manager.filter(name__iexact=word.name)
    if "name" not in errors and same.exclude(pk=word.pk).exists():
        errors |= _taken().errors
    if errors:
        raise FieldErrors(errors)


def _check_step(unit: Unit, before: Unit) -> None:
    """A coarser step must fit what goods already say in this unit."""
    if unit.step == before.step:
        return
    misfits = [
        code
        for code, *quantities in Goods.objects.filter(unit=unit)
        .values_list("code", "min_quantity", "case_size")
        .order_by("code")
        .iterator()
        if any(quantity and quantity % unit.step for quantity in quantities)
    ]
    if misfits:
        raise FieldErrors(
            {
                "step": [
                    _("Quantities of %(codes)s are not multiples of %(step)s.")
                    % {
                        "codes": _(", ").join(misfits[:5])
                        + ("…" if len(misfits) > 5 else ""),
                        "step": plain(unit.step),
                    }
                ]
            }
        )


def _differences(before: Word | None, word: Word) -> dict[str, list[Any]]:
    names = [n for n in _LOGGED if hasattr(word, n)]
    pairs = {n: [str(getattr(before, n, "")), str(getattr(word, n))] for n in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _image(word: Word | None) -> str:
    return str(getattr(word, "image", "") or "")


def _store(image: IO[bytes]) -> str:
    try:
        picture = read_picture(image, max_mb=shop.PICTURE_MAX_MB)
    except BadPicture as refusal:
        raise FieldErrors({"image": [str(refusal)]}) from None
    path = f"categories/{secrets.token_hex(12)}.jpg"
    return default_storage.save(path, ContentFile(picture.content))


def _taken() -> FieldErrors:
    return FieldErrors({"name": [_("There is one of this name already.")]})
