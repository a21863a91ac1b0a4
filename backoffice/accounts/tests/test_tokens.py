"""Tokens: what is believed, what is not, and what takes them back."""

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.accounts import staff, tokencache, tokens
from backoffice.accounts.models import RevokedToken, User
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory, UserFactory
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db

LOCMEM = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture
def memory():
    """A cache that is no table, so that queries are those of the check alone."""
    with override_settings(CACHES=LOCMEM):
        cache.clear()
        yield
        cache.clear()


@pytest.fixture
def user():
    return UserFactory(mobile="13800138000")


def renew(text):
    return tokens.renew(tokens.renewable(text))


def forged(user, key=None, *, algorithm="HS256", headers=None, **changes):
    """A token like ours, changed."""
    now = datetime.now(UTC)
    claims = {
        "iss": tokens.ISSUER,
        "aud": tokens.ACCESS,
        "sub": str(user.pk),
        "jti": uuid4().hex,
        "fam": uuid4().hex,
        "iat": now,
        "exp": now + timedelta(hours=1),
    } | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    if key is None:
        key = tokens._key(user.token_secret, settings.SECRET_KEY)
    named = {"kid": tokens._kid(user.token_secret)} if headers is None else headers
    return jwt.encode(claims, key, algorithm, headers=named)


def part(value):
    text = json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def test_an_access_token_says_exactly_this(user):
    pair = tokens.issue(user)
    claims = jwt.decode(pair.access, options={"verify_signature": False})
    assert set(claims) == set(tokens.CLAIMS)
    assert claims["sub"] == str(user.pk)
    assert claims["exp"] - claims["iat"] == pair.expires_in == 7200
    assert jwt.get_unverified_header(pair.access)["alg"] == "HS256"
    assert tokens.check(pair.access).user_id == user.pk
    other = jwt.decode(pair.refresh, options={"verify_signature": False})
    assert other["fam"] == claims["fam"]
    assert other["exp"] - other["iat"] == 30 * 24 * 3600


def test_a_forged_token_is_taken_only_unchanged(user):
    assert tokens.check(forged(user)).user_id == user.pk


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"iss": "somebody"}, tokens.TokenRefused),
        ({"iss": None}, tokens.TokenRefused),
        ({"aud": "admin"}, tokens.TokenRefused),
        ({"aud": [tokens.ACCESS]}, tokens.TokenRefused),
        ({"aud": tokens.REFRESH}, tokens.TokenRefused),
        ({"aud": None}, tokens.TokenRefused),
        ({"sub": None}, tokens.TokenRefused),
        ({"sub": "1 OR 1=1"}, tokens.TokenRefused),
        ({"sub": "٣"}, tokens.TokenRefused),
        ({"sub": "9" * 30}, tokens.TokenRefused),
        ({"jti": None}, tokens.TokenRefused),
        ({"jti": "x" * 32}, tokens.TokenRefused),
        ({"fam": None}, tokens.TokenRefused),
        ({"exp": None}, tokens.TokenRefused),
        ({"exp": 10**30}, tokens.TokenRefused),
        ({"iat": None}, tokens.TokenRefused),
        ({"key": b"x" * 32}, tokens.TokenRefused),
        ({"algorithm": "HS384"}, tokens.TokenRefused),
        ({"algorithm": "none", "key": ""}, tokens.TokenRefused),
        ({"headers": {}}, tokens.TokenRevoked),
        ({"nbf": datetime.now(UTC) + timedelta(hours=1)}, tokens.TokenRefused),
        ({"exp": datetime.now(UTC) - timedelta(seconds=1)}, tokens.TokenExpired),
        ({"exp": datetime.now(UTC)}, tokens.TokenExpired),
    ],
)
def test_what_is_not_ours_is_refused(user, changes, error):
    with pytest.raises(tokens.TokenRefused) as refusal:
        tokens.check(forged(user, **changes))
    assert type(refusal.value) is error
    # and the same from the cache
    tokens.check(tokens.issue(user).access)
    with pytest.raises(error):
        tokens.check(forged(user, **changes))


def test_a_token_is_written_in_one_way(user):
    token = tokens.issue(user).access
    for other in (token + "=", token + "==", token.replace(".", "=.", 1)):
        with pytest.raises(tokens.TokenRefused):
            tokens.check(other)
    assert tokens.check(token).user == user


def test_a_public_key_is_no_password(user):
    """HS/RS confusion: a token signed by another kind of key, or that names one."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(tokens.TokenRefused):
        tokens.check(forged(user, private, algorithm="RS256"))
    head, payload, signature = forged(user).split(".")
    kid = tokens._kid(user.token_secret)
    for changed in ({"alg": "RS256", "kid": kid}, {"alg": "none", "kid": kid}):
        for end in (signature, ""):
            with pytest.raises(tokens.TokenRefused):
                tokens.check(f"{part(changed)}.{payload}.{end}")
    crit = {"alg": "HS256", "kid": kid, "crit": ["b64"], "b64": False}
    with pytest.raises(tokens.TokenRefused):
        tokens.check(f"{part(crit)}.{payload}.{signature}")
    assert head


def test_a_changed_payload_breaks_the_signature(user):
    other = UserFactory()
    head, payload, signature = tokens.issue(user).access.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    with pytest.raises(tokens.TokenRefused):
        tokens.check(f"{head}.{part({**claims, 'sub': str(other.pk)})}.{signature}")
    with pytest.raises(tokens.TokenRefused):
        tokens.check(f"{head}.{payload}.{signature[:-2]}AA")


@pytest.mark.parametrize(
    "text",
    ["", "x", "a.b.c", "." * 400, "é" * 20, "A" * 5000, "null", f"{part([])}.{part([])}.x",
     f"{part({'alg': 'HS256'})}.{part([1])}.x", f"{part({'alg': 7})}.{part({})}.x"],
)  # fmt: skip
def test_what_is_no_token_is_refused(text):
    with pytest.raises(tokens.TokenRefused):
        tokens.check(text)


def test_the_shops_key_may_change(user):
    old = tokens.issue(user).access
    key = settings.SECRET_KEY
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=[key]):
        assert tokens.check(old).user_id == user.pk
        new = tokens.issue(user).access
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=[]):
        assert tokens.check(new).user_id == user.pk
        with pytest.raises(tokens.TokenRefused):
            tokens.check(old)


# --- what it costs ----------------------------------------------------------------------


def test_a_known_token_costs_one_look_into_the_cache(
    user, memory, monkeypatch, django_assert_num_queries
):
    token = tokens.issue(user).access
    with django_assert_num_queries(1):
        first = tokens.check(token)
        assert first.user.mobile == user.mobile
    looks = []
    get_many = type(cache._connections["default"]).get_many
    monkeypatch.setattr(
        type(cache._connections["default"]),
        "get_many",
        lambda self, keys: looks.append(keys) or get_many(self, keys),
    )
    with django_assert_num_queries(0):
        again = tokens.check(token)
    assert len(looks) == 1
    with django_assert_num_queries(1):
        assert again.user.pk == user.pk


def test_without_a_cache_the_database_is_asked(user, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    token = tokens.issue(user).access
    principal = tokens.check(token)
    tokens.sign_out(principal)
    with pytest.raises(tokens.TokenRevoked):
        tokens.check(token)


def test_a_revoked_token_stays_revoked_when_the_cache_is_lost(user, memory):
    token = tokens.issue(user).access
    tokens.sign_out(tokens.check(token))
    cache.clear()
    with pytest.raises(tokens.TokenRevoked):
        tokens.check(token)


def test_entries_of_the_cache_are_short_lived():
    assert tokencache.LIFE <= 60
    assert tokencache.PATIENCE < tokencache.GUARD


# --- taking back ------------------------------------------------------------------------


def test_sign_out_ends_its_family_only(user, memory):
    one, other = tokens.issue(user), tokens.issue(user)
    tokens.check(one.access)
    tokens.sign_out(tokens.check(one.access))
    for text in (one.access,):
        with pytest.raises(tokens.TokenRevoked):
            tokens.check(text)
    with pytest.raises(tokens.TokenRevoked):
        renew(one.refresh)
    assert tokens.check(other.access)
    assert renew(other.refresh)
    keys = {claims(one.access)["jti"], claims(one.access)["fam"]}
    assert keys <= set(RevokedToken.objects.values_list("key", flat=True))


def claims(text):
    return jwt.decode(text, options={"verify_signature": False})


def _disable(user):
    staff.disable(user, by=AdminFactory())


def _password(user):
    staff.set_password(user, "another good one", by=AdminFactory())


def _own_password(user):
    from backoffice.accounts.tests.factories import PASSWORD

    staff.change_own_password(user, PASSWORD, "another good one")


def _everywhere(user):
    tokens.sign_out_everywhere(user, by=user)


def _to_staff(user):
    user.is_staff = True
    user.save()


def _flag_by_name(user):
    user.is_staff = True
    user.save(update_fields=["is_staff"])


def _from_staff_in_bulk(user):
    User.objects.filter(pk=user.pk).update(is_staff=not user.is_staff)


def _by_hand(user):
    """Past the models: the cache is told by nobody, so it must not know the person."""
    cache.clear()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_user SET is_active = NOT is_active WHERE id = %s",
            [user.pk],
        )
        cursor.execute(
            "UPDATE accounts_user SET is_active = NOT is_active WHERE id = %s",
            [user.pk],
        )


def _deleted(user):
    cache.clear()
    OperationLog.objects.all()
    user.delete()


ENDINGS = [
    _disable,
    _password,
    _own_password,
    _everywhere,
    _to_staff,
    _flag_by_name,
    _from_staff_in_bulk,
    _by_hand,
    _deleted,
]


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda f: f.__name__.strip("_"))
def test_what_ends_every_token(user, memory, ending):
    other = UserFactory()
    pair, untouched = tokens.issue(user), tokens.issue(other).access
    tokens.check(pair.access)
    tokens.check(untouched)
    ending(user)
    with pytest.raises(tokens.TokenRevoked):
        tokens.check(pair.access)
    with pytest.raises(tokens.TokenRevoked):
        renew(pair.refresh)
    assert tokens.check(untouched)


def test_a_person_who_stops_being_staff_loses_tokens(memory):
    colleague = StaffFactory()
    token = tokens.issue(colleague).access
    tokens.check(token)
    colleague.is_staff = False
    colleague.save()
    with pytest.raises(tokens.TokenRevoked):
        tokens.check(token)


def test_other_changes_keep_tokens(user, memory):
    token = tokens.issue(user).access
    tokens.check(token)
    fresh = User.objects.only("nickname").get(pk=user.pk)
    fresh.nickname = "新名"
    fresh.save(update_fields=["nickname"])
    fresh.is_active = False  # not written
    fresh.last_login = timezone.now()
    fresh.save(update_fields=["last_login"])
    assert tokens.check(token)
    fresh.save(update_fields=["is_active"])
    with pytest.raises(tokens.TokenRevoked):
        tokens.check(token)


def test_every_person_has_a_secret_of_their_own():
    UserFactory(), UserFactory()
    secrets = list(User.objects.values_list("token_secret", flat=True))
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) == 64 for secret in secrets)


# --- renewing ---------------------------------------------------------------------------


def test_a_refresh_token_is_good_once(user, memory):
    first = tokens.issue(user)
    second = renew(first.refresh)
    third = renew(second.refresh)
    assert len({claims(t.access)["fam"] for t in (first, second, third)}) == 1
    assert tokens.check(third.access)
    with pytest.raises(tokens.TokenRevoked):
        renew(first.refresh)
    # the thief and the owner are both out
    for text in (first.access, second.access, third.access):
        with pytest.raises(tokens.TokenRevoked):
            tokens.check(text)
    with pytest.raises(tokens.TokenRevoked):
        renew(third.refresh)
    log = OperationLog.objects.filter(action="session.token_reused")
    assert log.count() == 1


def test_access_and_refresh_tokens_are_no_twins(user):
    pair = tokens.issue(user)
    with pytest.raises(tokens.TokenRefused):
        tokens.check(pair.refresh)
    with pytest.raises(tokens.TokenRefused):
        tokens.renewable(pair.access)


def test_an_expired_refresh_token_is_told(user):
    text = forged(user, aud=tokens.REFRESH, exp=datetime.now(UTC))
    with pytest.raises(tokens.TokenExpired):
        tokens.renewable(text)
    assert not RevokedToken.objects.exists()


def test_what_has_expired_is_swept(user):
    now = timezone.now()
    RevokedToken.objects.create(key="a" * 32, user=user, expires_at=now)
    RevokedToken.objects.create(
        key="b" * 32, user=user, expires_at=now + timedelta(minutes=1)
    )
    assert tokens.sweep() == 1
    assert RevokedToken.objects.get().key == "b" * 32


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_use_one_refresh_token_at_once_both_lose():
    user = UserFactory()
    pair = tokens.issue(user)
    renewals = [tokens.renewable(pair.refresh) for _ in range(2)]
    start, given, refused = threading.Barrier(2), [], []

    def use(renewal):
        start.wait()
        try:
            given.append(tokens.renew(renewal))
        except tokens.TokenRevoked:
            refused.append(renewal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=use, args=(r,)) for r in renewals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(given), len(refused)) == (1, 1)
    for text in (pair.access, given[0].access):
        with pytest.raises(tokens.TokenRevoked):
            tokens.check(text)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [False, True], ids=["without the mark", "with it"])
def test_a_slow_reader_does_not_bring_a_revoked_token_back(monkeypatch, guarded):
    """Whoever read the database before the revocation writes the cache after it."""
    user = UserFactory()
    token = tokens.issue(user).access
    if not guarded:
        # as if a revocation only took the entry away
        monkeypatch.setattr(
            tokencache, "_mark", lambda marks: cache.delete_many(list(marks))
        )
    remember = tokencache.remember

    def slow(values, read_at):
        thread = threading.Thread(target=revoke)
        thread.start()
        thread.join()
        remember(values, read_at)

    def revoke():
        tokens.sign_out_everywhere(user, by=user)
        connections.close_all()

    monkeypatch.setattr(tokencache, "remember", slow)
    tokens.check(token)
    monkeypatch.setattr(tokencache, "remember", remember)
    if guarded:
        with pytest.raises(tokens.TokenRevoked):
            tokens.check(token)
    else:
        assert tokens.check(token)


def test_a_reader_who_took_too_long_adds_nothing(user, memory, monkeypatch):
    token = tokens.issue(user).access
    monkeypatch.setattr(tokencache, "PATIENCE", -1.0)
    tokens.check(token)
    with CaptureQueriesContext(connection) as queries:
        tokens.check(token)
    assert len(queries) == 1
