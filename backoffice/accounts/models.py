"""One table of people: staff who use the admin and customers of the storefront."""

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from backoffice.accounts import tokencache
from backoffice.accounts.names import clean_email, clean_mobile, clean_username
from backoffice.accounts.roles import role_label
from backoffice.base.text import one_line, refuse_tags, refuse_unseen


def avatar_path(user: "User | None", filename: str) -> str:
    """A random ASCII name: nothing of the uploaded file's name is kept."""
    return f"avatars/{secrets.token_hex(12)}.jpg"


def new_secret() -> str:
    """What signs the tokens of one person, mixed with the key of the shop."""
    return secrets.token_hex(32)


#: a change of any of these ends every token of the person
ENDS_TOKENS = ("password", "is_active", "is_staff")


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> "UserQuerySet":
        """Who may sign in."""
        return self.filter(is_active=True)

    def staff(self) -> "UserQuerySet":
        """Who works in the shop."""
        return self.filter(is_staff=True)

    def update(self, **values: Any) -> int:
        """With the tokens ended where they have to: the database's trigger gives the
        new secrets, and the cache is told here."""
        if not {*ENDS_TOKENS, "token_secret"} & values.keys():
            return super().update(**values)
        keys = [tokencache.user_key(pk) for pk in self.values_list("pk", flat=True)]
        tokencache.forget(keys)
        count = super().update(**values)
        tokencache.forget(keys)
        return count


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes users with their names in the one written form."""

    def create_user(
        self, username: str, password: str | None = None, **fields: Any
    ) -> "User":
        """A user; without a password nobody can sign in with one.

        Raises ValidationError by field.
        """
        user: User = self.model(username=username, **fields)
        user.tidy()
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(
        self, username: str, password: str | None = None, **fields: Any
    ) -> "User":
        """A member of staff who may do everything."""
        return self.create_user(
            username, password, **{**fields, "is_staff": True, "is_superuser": True}
        )


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by user name, mobile or e-mail.

    Users are never deleted: logs and ledgers name them. They are disabled, and a
    customer's personal data is erased on request.
    """

    username = models.CharField(
        _("user name"),
        max_length=40,
        help_text=_("2 to 40 letters, digits, dots, hyphens or underscores."),
    )
    mobile = models.CharField(
        _("mobile"),
        max_length=11,
        null=True,
        blank=True,
        unique=True,
        error_messages={"unique": _("This mobile number is taken.")},
    )
    email = models.EmailField(_("e-mail"), null=True, blank=True)
    nickname = models.CharField(
        _("full name"),
        max_length=40,
        blank=True,
        validators=[refuse_unseen, refuse_tags],
        help_text=_("How colleagues and logs call this person."),
    )
    avatar = models.ImageField(_("photo"), upload_to=avatar_path, blank=True)
    is_staff = models.BooleanField(
        _("staff"), default=False, help_text=_("May sign in to the admin.")
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Switched off instead of deleted: logs keep naming this person."),
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    mobile_is_verified = models.BooleanField(
        _("mobile is verified"), default=False, editable=False
    )
    openid = models.CharField(
        "openid", max_length=64, null=True, blank=True, unique=True, editable=False
    )
    wechat_bound_at = models.DateTimeField(
        _("WeChat bound"), null=True, blank=True, editable=False
    )
    erased_at = models.DateTimeField(
        _("data erased"), null=True, blank=True, editable=False
    )
    token_secret = models.CharField(max_length=64, default=new_secret, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []  # type: ignore[misc]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_unique",
                violation_error_code="username",
                violation_error_message=_("This user name is taken."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_code="email",
                violation_error_message=_("This e-mail address is taken."),
            ),
            models.CheckConstraint(
                condition=~models.Q(username__contains="@"),
                name="user_username_not_email",
            ),
            models.CheckConstraint(
                condition=~models.Q(mobile="")
                & ~models.Q(email="")
                & ~models.Q(openid=""),
                name="user_blank_is_null",
            ),
            models.CheckConstraint(
                condition=models.Q(mobile_is_verified=False)
                | models.Q(mobile__isnull=False),
                name="user_verified_has_mobile",
            ),
        ]
        permissions = [
            ("manage_staff", _("Can make and change staff accounts and roles")),
        ]
        indexes = [
            models.Index(
                fields=["-id"],
                name="user_customers_off",
                condition=models.Q(is_staff=False, is_active=False),
            ),
        ]

    def __str__(self) -> str:
        return self.nickname or self.username

    #: as the database has it; empty for a person who is not kept yet
    _kept: ClassVar[dict[str, Any]] = {}

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> "User":
        """Remembers what the tokens depend on, see `save`."""
        user: User = super().from_db(*args, **kwargs)
        user._keep()
        return user

    def refresh_from_db(
        self, using: Any = None, fields: Any = None, from_queryset: Any = None
    ) -> None:
        super().refresh_from_db(using, fields, from_queryset)
        self._keep(fields)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With a new secret where the tokens have to end, whoever changes it.

        A trigger of the database does the same for what comes past the models.
        """
        names = kwargs.get("update_fields")
        now = self._at_hand(names)
        # what was never read may have been anything
        ended = {n for n, value in now.items() if value != self._kept.get(n)}
        if self._state.adding or not ended:
            super().save(*args, **kwargs)
            self._keep(names)
            return
        if "token_secret" not in ended:
            self.token_secret = new_secret()
            if names is not None:
                names = kwargs["update_fields"] = {*names, "token_secret"}
        keys = [tokencache.user_key(self.pk)]
        tokencache.forget(keys)
        super().save(*args, **kwargs)
        tokencache.forget(keys)
        self._keep(names)

    def _at_hand(self, names: Any = None) -> dict[str, Any]:
        """What tokens depend on, without asking the database; of `names` only."""
        wanted = {*ENDS_TOKENS, "token_secret"}
        return {
            name: self.__dict__[name]
            for name in (wanted if names is None else wanted & set(names))
            if name in self.__dict__
        }

    def _keep(self, names: Any = None) -> None:
        self._kept = {**self._kept, **self._at_hand(names)}  # type: ignore[misc]

    def validate_constraints(self, exclude: Any = None) -> None:
        """With what is taken told at its field; the constraints' codes name them."""
        try:
            super().validate_constraints(exclude)
        except ValidationError as error:
            found: dict[str, list[ValidationError]] = {}
            for field, errors in error.error_dict.items():
                for one in errors:
                    where = one.code if one.code in ("username", "email") else field
                    found.setdefault(str(where), []).append(one)
            raise ValidationError(found) from None

    def clean(self) -> None:
        """As `tidy`."""
        self.tidy()

    def tidy(self) -> None:
        """Names into their one written form; raises ValidationError by field."""
        errors: dict[str, Any] = {}
        for name, written, empty in (
            ("username", clean_username, ""),
            ("mobile", clean_mobile, None),
            ("email", clean_email, None),
        ):
            value = getattr(self, name)
            try:
                setattr(self, name, written(value) if value else empty)
            except ValidationError as error:
                errors[name] = error
        self.nickname = one_line(self.nickname)
        if errors:
            raise ValidationError(errors)

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """What ends tokens ends sessions too, for good: a person who is switched on
        again is not signed in where they, or somebody else, were before."""
        return salted_hmac(
            "backoffice.accounts.sessions",
            f"{self.token_secret}:{self.password}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    @property
    def log_label(self) -> str:
        """What logs, which cannot be changed, keep of this person: no name."""
        return f"#{self.pk}"

    def get_full_name(self) -> str:
        """The name on screens and in logs."""
        return str(self)

    def get_short_name(self) -> str:
        """The same; there is no shorter one."""
        return str(self)


class Address(models.Model):
    """Where a customer has goods delivered; written by `accounts.addresses`.

    `area_code` is the district's; the names are kept as they were then.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="addresses")
    receiver = models.CharField(_("receiver"), max_length=40)
    mobile = models.CharField(_("mobile"), max_length=11)
    area_code = models.CharField(max_length=6)
    province = models.CharField(_("province"), max_length=20)
    city = models.CharField(_("city"), max_length=20)
    district = models.CharField(_("district"), max_length=20)
    detail = models.CharField(_("street and number"), max_length=120)
    is_default = models.BooleanField(_("default address"), default=False)
    created_at = models.DateTimeField(_("entered"), default=timezone.now)

    class Meta:
        verbose_name = _("delivery address")
        verbose_name_plural = _("delivery addresses")
        ordering = ["-is_default", "-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(is_default=True),
                name="address_one_default",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.province} {self.city} {self.district}"

    @property
    def log_label(self) -> str:
        """What logs keep of it: where a person lives is not for them."""
        return f"#{self.pk}"


class Upload(models.Model):
    """A picture that a customer has handed in, used or not; see `accounts.uploads`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=20)
    path = models.CharField(max_length=100, unique=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("uploaded picture")
        verbose_name_plural = _("uploaded pictures")
        default_permissions = ()

    def __str__(self) -> str:
        return self.path


class RevokedToken(models.Model):
    """A token (`jti`) or a family of tokens (`fam`) that counts no more.

    Kept for as long as one of them could live; written by `accounts.tokens` only.
    """

    key = models.CharField(max_length=32, primary_key=True)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("revoked token")
        verbose_name_plural = _("revoked tokens")
        default_permissions = ()

    def __str__(self) -> str:
        return self.key


class StaffManager(UserManager):
    """Only those who work in the shop."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(is_staff=True)


class Staff(User):
    """A person who works in the shop, as the staff list shows them."""

    objects: ClassVar[StaffManager] = StaffManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        default_permissions = ()


class CustomerManager(UserManager):
    """Only those who buy in the shop."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(is_staff=False)


class Customer(User):
    """A person who buys in the shop, as the customers' list shows them."""

    objects: ClassVar[CustomerManager] = CustomerManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        default_permissions = ("view", "change")
        permissions = [
            (
                "view_personal_data",
                _("Can see mobiles, e-mails and addresses of customers in full"),
            ),
            (
                "erase_customer",
                _("Can take away and erase the personal data of a customer"),
            ),
        ]


class Role(Group):
    """A group of permissions as the merchant sees it, see `accounts.roles`.

    Written only by `roles.sync_roles` and the verbs of `accounts.staff`.
    """

    class Meta:
        proxy = True
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        default_permissions = ()

    def __str__(self) -> str:
        return role_label(self.name)
