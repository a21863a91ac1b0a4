"""A customer's delivery addresses: entered, changed, removed by themselves."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.accounts import areas
from backoffice.accounts.checking import field_errors
from backoffice.accounts.models import Address, User
from backoffice.accounts.names import clean_mobile
from backoffice.base.errors import FieldErrors
from backoffice.base.text import one_line, refuse_tags, refuse_unseen

#: of one customer
MOST = 50
_AREA = ("province", "city", "district")


@transaction.atomic
def add(user: User, values: Mapping[str, Any]) -> Address:
    """A new address. Raises FieldErrors."""
    _lock(user)
    if Address.objects.filter(user=user).count() >= MOST:
        raise FieldErrors(
            {"detail": [_("There are %(most)s addresses already.") % {"most": MOST}]}
        )
    return _save(Address(user=user), values)


@transaction.atomic
def change(user: User, pk: int, values: Mapping[str, Any]) -> Address:
    """Some of its fields; what is left out stays. Raises FieldErrors, DoesNotExist."""
    _lock(user)
    return _save(Address.objects.get(user=user, pk=pk), values)


def remove(user: User, pk: int) -> bool:
    """Whether there was such an address."""
    return bool(Address.objects.filter(user=user, pk=pk).delete()[0])


def _lock(user: User) -> None:
    """One change at a time: the number of addresses, and which one is the default."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _save(address: Address, values: Mapping[str, Any]) -> Address:
    for name, value in values.items():
        setattr(address, name, value)
    if {*_AREA} & values.keys():
        _settle_area(address)
    _tidy(address)
    if address.is_default:
        others = Address.objects.filter(user=address.user, is_default=True)
        others.exclude(pk=address.pk).update(is_default=False)
    address.save()
    return address


def _settle_area(address: Address) -> None:
    """The three names as the table of areas has them."""
    found = areas.district(address.province, address.city, address.district)
    city = found.above
    province = city.above if city else None
    assert city is not None and province is not None  # noqa: S101, PT018 - three levels
    address.area_code = found.code
    address.province, address.city = province.name, city.name
    address.district = found.name


def _tidy(address: Address) -> None:
    address.receiver = one_line(address.receiver)
    address.detail = one_line(address.detail)
    faults: dict[str, list[str]] = {}
    for name in ("receiver", "detail"):
        for check in (_required, refuse_unseen, refuse_tags):
            try:
                check(getattr(address, name))
            except ValidationError as error:
                faults.setdefault(name, []).extend(error.messages)
    try:
        address.mobile = clean_mobile(address.mobile)
    except ValidationError as error:
        faults["mobile"] = list(error.messages)
    if faults:
        raise FieldErrors(faults)
    try:
        address.clean_fields(exclude=["user"])
    except ValidationError as error:
        raise field_errors(error) from None


def _required(text: str) -> None:
    if not text:
        raise ValidationError(_("Is required."))
