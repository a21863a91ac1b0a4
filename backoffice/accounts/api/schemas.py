"""Bodies and answers of sign-in and account; the OpenAPI document is made from it."""

from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, Field

from backoffice.base.api.schemas import Envelope, Input


class Registration(Input):
    mobile: str = Field(
        max_length=30,
        description=_("11 digits; blanks, hyphens and +86 are dropped."),
        examples=["13800138000"],
    )
    password: str = Field(
        max_length=128,
        description=_(
            "At least 8 characters, not only digits, nothing that others guess."
        ),
    )
    username: str | None = Field(
        default=None,
        max_length=60,
        description=_("Unlike a mobile or an e-mail; made by the shop where left out."),
    )
    email: str | None = Field(default=None, max_length=254)
    nickname: str = Field(default="", max_length=40)


class Credentials(Input):
    account: str = Field(
        max_length=254,
        description=_("User name, mobile or e-mail."),
        examples=["13800138000"],
    )
    password: str = Field(max_length=128)


class RefreshToken(Input):
    refresh_token: str = Field(max_length=2048)


class PasswordChange(Input):
    old_password: str = Field(max_length=128)
    new_password: str = Field(max_length=128)


class WechatCode(Input):
    code: str = Field(
        min_length=1, max_length=128, description=_("The code of `wx.login`.")
    )


class WechatBind(Input):
    bind_token: str = Field(max_length=1024)
    phone_code: str = Field(
        min_length=1, max_length=128, description=_("The code of `getPhoneNumber`.")
    )
    nickname: str = Field(
        default="", max_length=40, description=_("For an account that has none.")
    )


class Me(BaseModel):
    id: int = Field(ge=1, examples=[42])
    username: str = Field(examples=["u-k7xq2m9dfa"])
    mobile: str | None = Field(examples=["13800138000"])
    email: str | None
    nickname: str = Field(description=_("Blank where not given."))
    avatar: str | None = Field(
        description=_("The address of the picture on this host, or null.")
    )
    points: int = Field(description=_("The balance of the points account."))


class TokenPair(BaseModel):
    token: str = Field(
        description=_("Goes into the header `Authorization: JWT-TOKEN <token>`.")
    )
    refresh_token: str = Field(
        description=_("Good for one new pair; used twice, the whole sign-in ends.")
    )
    expires_in: int = Field(ge=1, description=_("Seconds that `token` lives."))


class SignedIn(TokenPair):
    user: Me


class BindToken(BaseModel):
    bind_token: str = Field(
        description=_("For `/auth/wechat/bind`, within 10 minutes.")
    )


class WechatAnswer(Envelope[SignedIn | BindToken]):
    """A sign-in, or the way to one."""


class SignedInAnswer(Envelope[SignedIn]):
    """A sign-in."""


class TokenPairAnswer(Envelope[TokenPair]):
    """New tokens."""


class MeAnswer(Envelope[Me]):
    """The person who asks."""


class NothingAnswer(Envelope[None]):
    """Done; there is nothing to tell."""
