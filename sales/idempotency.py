"""Doing a thing once, however often it is asked for (DOMAIN 7)."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.errors import FieldErrors
from sales.errors import KeyReused
from sales.models import IdempotencyKey

KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x20-\x7e]{1,64}")

Json = dict[str, Any]


def digest_of(body: Any) -> str:
    """SHA-256 of a body as canonical JSON: neither order of names nor blanks count."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@transaction.atomic
def once(user_id: int, path: str, key: str, body: Any, act: Callable[[], Json]) -> Json:
    """What `act` gives, or what it gave when the same request came before.

    `key` is 1 to 64 printable ASCII characters (FieldErrors); a key that came with
    another body raises KeyReused. A repeat in parallel waits for the first. Where `act`
    raises, nothing is kept and the key may be used again.
    """
    if not _KEY.fullmatch(key):
        raise FieldErrors(
            {"Idempotency-Key": [_("The key is 1 to 64 printable ASCII characters.")]}
        )
    digest = digest_of(body)
    pk = _claim(user_id, path, key, digest)
    if pk is None:
        return _earlier(user_id, path, key, digest)
    answer = act()
    _keep(pk, answer)
    return answer


def _claim(user_id: int, path: str, key: str, digest: str) -> int | None:
    """The id of our own new row, or None where somebody has the key."""
    table = connection.ops.quote_name(IdempotencyKey._meta.db_table)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO {table} (user_id, path, "key", digest, created_at)'  # noqa: S608 - a table of ours
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
            [user_id, path, key, digest, now],
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _keep(pk: int, answer: Json) -> None:
    table = connection.ops.quote_name(IdempotencyKey._meta.db_table)
    field = IdempotencyKey._meta.get_field("answer")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET answer = %s WHERE id = %s",  # noqa: S608 - as above
            [field.get_db_prep_save(answer, connection), pk],
        )


def _earlier(user_id: int, path: str, key: str, digest: str) -> Json:
    row = IdempotencyKey.objects.get(user_id=user_id, path=path, key=key)
    if row.digest != digest:
        raise KeyReused(_("This key came before with another body; use a new one."))
    return dict(row.answer or {})


def forget_old() -> int:
    """Delete keys older than a day; gives their number."""
    old = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT)
    return old.delete()[0]
