"""Finding customers by what they say on the telephone."""

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from backoffice.accounts.names import clean_email, clean_mobile, username_key
from backoffice.base.text import half_width


def find_customers(queryset: QuerySet, typed: str, *, sees: bool) -> QuerySet:
    """By a whole mobile, e-mail or user name; else by a part of the name.

    Who `sees` personal data may also type how a mobile begins. Others may not: digit by
    digit the list would tell them what it masks.
    """
    text = half_width(typed)[:100]
    if not text:
        return queryset
    if "\0" in text:
        return queryset.none()
    if "@" in text:
        return _by_email(queryset, text)
    try:
        return queryset.filter(mobile=clean_mobile(text))
    except ValidationError:
        pass
    keyed = queryset.annotate(key=Lower("username"))
    exact = keyed.filter(key=username_key(text))
    if exact.exists():
        return exact
    found = Q(nickname__icontains=text) | Q(username__istartswith=text)
    if sees and text.isascii() and text.isdigit() and len(text) >= 3:
        found |= Q(mobile__startswith=text)
    return queryset.filter(found)


def _by_email(queryset: QuerySet, text: str) -> QuerySet:
    try:
        address = clean_email(text)
    except ValidationError:
        return queryset.none()
    return queryset.annotate(key=Lower("email")).filter(key=address)
