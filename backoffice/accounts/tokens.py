"""Tokens of the storefront: made, checked, renewed and taken back.

A token is a JWT (HS256 and nothing else) whose key is mixed from the shop's key and a
secret of the person, so that a new secret ends every token of theirs; `kid` tells which
secret it was. One token, or all that came from one sign-in (its family, `fam`), is taken
back by a row of `RevokedToken`. Access and refresh tokens differ by `aud`.
"""

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import uuid4

import jwt
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from backoffice.accounts import tokencache
from backoffice.accounts.models import RevokedToken, User, new_secret
from backoffice.base import ports
from backoffice.base.errors import DomainError
from backoffice.oplog.record import record
from backoffice.shop import shop

ALGORITHM = "HS256"
ISSUER = "fruit-shop"
ACCESS = "storefront"
REFRESH = "storefront-refresh"
CLAIMS = ("iss", "aud", "sub", "jti", "fam", "iat", "exp")
#: characters; ours have about 430
LONGEST = 1024
#: how long a token can live whatever the settings say, so how long a family is kept
LONGEST_LIFE = timedelta(days=366)


class TokenRefused(DomainError):
    """There is no token, or it is none of ours."""

    slug = "not_authenticated"
    http_status = 401


class TokenExpired(TokenRefused):
    """It was ours; a new one is got with the refresh token."""

    slug = "token_expired"


class TokenRevoked(TokenRefused):
    """It was taken back; the person signs in anew."""

    slug = "token_revoked"


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives; `expires_in` is the access token's life in seconds."""

    access: str
    refresh: str
    expires_in: int


@dataclass(frozen=True)
class Claims:
    """What a token says, and which secret signed it (`kid`)."""

    user_id: int
    jti: str
    family: str
    expires_at: datetime
    kid: str
    text: str

    @property
    def keys(self) -> tuple[str, str, str]:
        """Where the cache keeps what the check needs."""
        return (
            tokencache.user_key(self.user_id),
            tokencache.token_key(self.family),
            tokencache.token_key(self.jti),
        )


class Principal:
    """Whoever sent a token that counts; their row is read when it is asked for."""

    def __init__(self, claims: Claims, user: User | None = None) -> None:
        self.user_id = claims.user_id
        self.jti = claims.jti
        self.family = claims.family
        self.expires_at = claims.expires_at
        if user is not None:
            self.user = user

    @cached_property
    def user(self) -> User:
        """The person, as `whole` reads them."""
        return whole().get(pk=self.user_id)

    @property
    def known(self) -> User:
        """The person where the id will do; all else is read when it is asked for."""
        if "user" in self.__dict__:
            return self.user
        return User.from_db(connection.alias, ["id"], [self.user_id])


def whole() -> Any:
    """People with what the storefront shows of them: one query."""
    points = ports.points_expression()
    rows = User.objects.all()
    return rows.annotate(points=points) if points is not None else rows


# --- making -----------------------------------------------------------------------------


def issue(user: User, *, family: str = "") -> Tokens:
    """A pair of tokens; of a family of their own unless one is given."""
    family = family or uuid4().hex
    minutes = timedelta(minutes=shop.ACCESS_TOKEN_MINUTES)
    days = timedelta(days=shop.REFRESH_TOKEN_DAYS)
    return Tokens(
        access=_signed(user, family, ACCESS, minutes),
        refresh=_signed(user, family, REFRESH, days),
        expires_in=int(minutes.total_seconds()),
    )


def _signed(user: User, family: str, audience: str, life: timedelta) -> str:
    now = datetime.now(UTC).replace(microsecond=0)
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "sub": str(user.pk),
        "jti": uuid4().hex,
        "fam": family,
        "iat": now,
        "exp": now + life,
    }
    key = _key(user.token_secret, settings.SECRET_KEY)
    return jwt.encode(claims, key, ALGORITHM, headers={"kid": _kid(user.token_secret)})


def _key(secret: str, shop_key: str) -> bytes:
    return salted_hmac(
        "backoffice.accounts.tokens", secret, secret=shop_key, algorithm="sha256"
    ).digest()


def _kid(secret: str) -> str:
    """Which secret it was, without telling anything of it."""
    return sha256(f"kid:{secret}".encode()).hexdigest()[:16]


# --- checking ---------------------------------------------------------------------------


def check(text: str) -> Principal:
    """Whose access token this is. Raises TokenRefused.

    One look into the cache; where that does not know (once a minute for each sign-in,
    and just after a revocation), one query instead, which reads the person along.
    """
    claims = _read(text, ACCESS)
    known = tokencache.read(claims.keys)
    secret = known.get(claims.keys[0])
    if len(known) == len(claims.keys) and isinstance(secret, str):
        _verify(claims, secret, ACCESS)
        return Principal(claims)
    read_at = time.monotonic()
    user = _checked(claims, ACCESS, [claims.jti, claims.family])
    values: dict[str, Any] = dict.fromkeys(claims.keys, 1)
    values[claims.keys[0]] = user.token_secret
    tokencache.remember(values, read_at)
    return Principal(claims, user)


def _checked(claims: Claims, audience: str, names: list[str]) -> User:
    """Against the database, which is the record; `names` must not be revoked."""
    revoked = RevokedToken.objects.filter(key__in=names)
    user: Any = whole().filter(pk=claims.user_id).annotate(gone=Exists(revoked)).first()
    if user is None or not user.is_active:
        raise _revoked()
    _verify(claims, user.token_secret, audience)
    if user.gone:
        raise _revoked()
    return user  # type: ignore[no-any-return]


def _read(text: str, audience: str) -> Claims:
    """What it says of itself, before anything is believed."""
    # with `=` behind it one token could be written in several ways
    if not text or len(text) > LONGEST or not text.isascii() or "=" in text:
        raise _refused()
    try:
        head, payload, _signature = text.split(".")
        header, said = _said(head), _said(payload)
    except (ValueError, RecursionError):
        raise _refused() from None
    values: Any = [said.get(name) for name in ("sub", "jti", "fam", "exp")]
    sub, jti, family, exp = values
    if (
        header.get("alg") != ALGORITHM
        or said.get("iss") != ISSUER
        or said.get("aud") != audience
        or not (_is_id(sub) and _is_hex(jti) and _is_hex(family) and _is_moment(exp))
    ):
        raise _refused()
    return Claims(
        int(sub),
        jti,
        family,
        datetime.fromtimestamp(exp, UTC),
        str(header.get("kid", "")),
        text,
    )


def _said(part: str) -> dict[str, Any]:
    """The object in one part of a token; raises ValueError where there is none."""
    padded = part + "=" * (-len(part) % 4)
    value = json.loads(b64decode(padded, altchars=b"-_", validate=True))
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _is_id(value: Any) -> bool:
    return (
        isinstance(value, str)
        and value.isascii()
        and value.isdigit()
        and len(value) < 19
    )


def _is_hex(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) == 32
        and not value.strip("0123456789abcdef")
    )


def _is_moment(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**33


def _verify(claims: Claims, secret: str, audience: str) -> None:
    """Signature and claims, to the second."""
    if claims.kid != _kid(secret):
        raise _revoked()
    for key in _keys(secret):
        try:
            jwt.decode(
                claims.text,
                key,
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=ISSUER,
                leeway=0,
                # a clock of another machine may be a moment ahead
                options={"require": list(CLAIMS), "verify_iat": False},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError:
            raise TokenExpired(_("The token has expired.")) from None
        except jwt.InvalidTokenError:
            raise _refused() from None
        return
    raise _refused()


def _keys(secret: str) -> Iterator[bytes]:
    for shop_key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield _key(secret, shop_key)


def _refused() -> TokenRefused:
    return TokenRefused(_("Sign in first."))


def _revoked() -> TokenRevoked:
    return TokenRevoked(_("You were signed out; sign in again."))


# --- renewing ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Renewal:
    """A refresh token that counts, and whose it is."""

    claims: Claims
    user: User


def renewable(text: str) -> Renewal:
    """Whose refresh token this is. Raises TokenRefused.

    Whether it was used is not looked at: that is told by `renew`, once and for all.
    """
    claims = _read(text, REFRESH)
    return Renewal(claims, _checked(claims, REFRESH, [claims.family]))


def renew(renewal: Renewal) -> Tokens:
    """A new pair for a refresh token, which is used up by it. Raises TokenRevoked.

    A refresh token that comes a second time was stolen, or its answer was lost; nobody
    can tell which, so its whole family ends.
    """
    claims, user = renewal.claims, renewal.user
    try:
        with transaction.atomic():
            RevokedToken.objects.create(
                key=claims.jti, user=user, expires_at=claims.expires_at
            )
    except IntegrityError:
        _end_family(user, claims.family)
        raise _revoked() from None
    return issue(user, family=claims.family)


@transaction.atomic
def _end_family(user: User, family: str) -> None:
    if _revoke(user, family, timezone.now() + LONGEST_LIFE):
        record(by=user, action="session.token_reused", target=user)


# --- taking back ------------------------------------------------------------------------


@transaction.atomic
def sign_out(principal: Principal) -> None:
    """End every token of this sign-in, on every process, before this returns."""
    user = principal.user
    _revoke(user, principal.jti, principal.expires_at)
    if _revoke(user, principal.family, timezone.now() + LONGEST_LIFE):
        record(by=user, action="session.signed_out", target=user)


@transaction.atomic
def sign_out_everywhere(user: User, *, by: User | None, reason: str = "") -> User:
    """End every token of the person. `by` another person, it is their act."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    user.token_secret = new_secret()
    user.save(update_fields=["token_secret"])
    words = {"reason": reason} if reason else {}
    record(by=by, action="session.all_ended", target=user, **words)
    return user


def _revoke(user: User, key: str, expires_at: datetime) -> bool:
    """Whether it was not revoked before."""
    marks = [tokencache.token_key(key)]
    tokencache.forget(marks)
    _row, is_new = RevokedToken.objects.get_or_create(
        key=key, defaults={"user": user, "expires_at": expires_at}
    )
    tokencache.forget(marks)
    return is_new


def sweep() -> int:
    """Delete what could not count any more anyway; gives the number of rows."""
    return RevokedToken.objects.filter(expires_at__lt=timezone.now()).delete()[0]
