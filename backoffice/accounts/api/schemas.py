"""Bodies and answers of sign-in and account; the OpenAPI document is made from it."""

from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, Field, StrictBool

from backoffice.base.api.paging import Paged
from backoffice.base.api.schemas import Envelope, Input, Pagination


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


class MeChange(Input):
    """What is left out stays."""

    nickname: str = Field(default="", max_length=40)
    avatar: str | None = Field(
        default=None,
        max_length=100,
        description=_("A `path` of `POST /files`, or null for no picture."),
    )
    email: str | None = Field(
        default=None,
        max_length=254,
        description=_("Null for none; needs `password`."),
    )
    password: str = Field(default="", max_length=128)


class NewAddress(Input):
    receiver: str = Field(min_length=1, max_length=40, examples=["李小雨"])
    mobile: str = Field(max_length=30, examples=["13800138000"])
    province: str = Field(
        max_length=20,
        description=_("A name or code of `GET /areas`; so are city and district."),
        examples=["浙江省"],
    )
    city: str = Field(
        max_length=20,
        description=_("For a municipality its own name will do."),
        examples=["杭州市"],
    )
    district: str = Field(max_length=20, examples=["西湖区"])
    detail: str = Field(min_length=1, max_length=120, examples=["文三路 90 号"])
    is_default: StrictBool = Field(
        default=False, description=_("At most one address is the default.")
    )


class AddressChange(Input):
    """What is left out stays."""

    receiver: str = Field(default="", min_length=1, max_length=40)
    mobile: str = Field(default="", max_length=30)
    province: str = Field(default="", max_length=20)
    city: str = Field(default="", max_length=20)
    district: str = Field(default="", max_length=20)
    detail: str = Field(default="", min_length=1, max_length=120)
    is_default: StrictBool = False


class AreaQuery(Paged):
    parent: str = Field(
        default="",
        max_length=6,
        pattern=r"^[0-9]*$",
        description=_(
            "The code of a province or city; left out: the provinces. A code that does "
            "not exist finds nothing."
        ),
    )
    q: str = Field(
        default="",
        max_length=40,
        description=_("Words that all stand in the full name; `parent` narrows it."),
        examples=["西湖"],
    )


class Address(BaseModel):
    id: int = Field(ge=1, examples=[7])
    receiver: str
    mobile: str
    province: str
    city: str
    district: str
    detail: str
    is_default: bool


class Area(BaseModel):
    code: str = Field(
        pattern=r"^[0-9]{2,6}$",
        description=_("2 digits for a province, 4 for a city, 6 for a district."),
        examples=["330106"],
    )
    name: str = Field(examples=["西湖区"])
    full_name: str = Field(examples=["浙江省 杭州市 西湖区"])


class PointsEntry(BaseModel):
    delta: int = Field(description=_("Points that came (+) or went (−)."))
    balance: int = Field(description=_("The balance afterwards."))
    kind: str = Field(examples=["earn"])
    reference: str = Field(description=_("The order, for example; blank for none."))
    created_at: str = Field(examples=["2026-11-23T14:03:00+08:00"])


class AddressList(BaseModel):
    pagination: Pagination
    items: list[Address]


class AreaList(BaseModel):
    pagination: Pagination
    items: list[Area]


class PointsLog(BaseModel):
    pagination: Pagination
    items: list[PointsEntry]


class UploadedFile(BaseModel):
    path: str = Field(
        description=_("What `PATCH /me` takes as `avatar`."),
        examples=["avatars/9c41d07be2f3486cb1a0d5e7.jpg"],
    )
    url: str = Field(description=_("The address of the picture on this host."))
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class AddressAnswer(Envelope[Address]):
    """One address."""


class AddressesAnswer(Envelope[AddressList]):
    """A page of addresses."""


class AreasAnswer(Envelope[AreaList]):
    """A page of areas."""


class PointsLogAnswer(Envelope[PointsLog]):
    """A page of the points log."""


class FileAnswer(Envelope[UploadedFile]):
    """A file that is kept."""


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
