"""How the answers of the catalog look; the OpenAPI document is made from it."""

from typing import Literal

from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, Field

from backoffice.base.api.paging import Paged
from backoffice.base.api.schemas import (
    Envelope,
    Flag,
    Id,
    Money,
    Pagination,
    Quantity,
)

Address = str


class GoodsQuery(Paged):
    """What narrows and orders the list of goods."""

    category: Id | None = Field(
        default=None, description=_("Only goods of this category (its id).")
    )
    brand: Id | None = Field(
        default=None, description=_("Only goods of this brand (its id).")
    )
    q: str = Field(
        default="",
        max_length=100,
        # what a database cannot keep it cannot find either
        pattern=r"^[^\x00]*$",
        description=_(
            "A whole code or barcode; else words that all stand in the name, brand, code "
            "or barcode, or in the pinyin of name and brand, in full or by initials. In "
            "any case of the letters."
        ),
        examples=["红富士", "hfs"],
    )
    in_stock: Flag | None = Field(
        default=None,
        description=_(
            "true: only goods that can be bought now; false: only those sold out. "
            "Where the shop keeps no stock, nothing is sold out."
        ),
    )
    ordering: Literal["sales", "-sales", "price", "-price", "-listed_at"] = Field(
        default="-listed_at",
        description=_(
            "By base units sold, by the price of a base unit (the retail price where the "
            "goods is sold by it, else the case price divided by the case size), or the "
            "newest on the shelf first. A minus turns the order around; ties go by id in "
            "the same direction."
        ),
    )


class Named(BaseModel):
    id: int = Field(ge=1, examples=[3])
    name: str = Field(examples=["苹果蕉梨"])


class Category(BaseModel):
    id: int = Field(ge=1, examples=[3])
    name: str = Field(examples=["苹果蕉梨"])
    image: Address | None = Field(
        description=_("The address of the picture on this host, or null."),
        examples=["/media/categories/apples.jpg"],
    )
    sequence: int = Field(
        ge=0, description=_("The smaller, the further up."), examples=[50]
    )


class Banner(BaseModel):
    id: int = Field(ge=1, examples=[2])
    image: Address = Field(
        description=_("The address of the picture on this host."),
        examples=["/media/banners/9c41d07be2f3486cb1a0d5e7.jpg"],
    )
    link: str = Field(
        pattern="^(https://|/pages/)",
        description=_(
            "Where a tap leads: an address (https) or a page of the mini-program."
        ),
        examples=["/pages/goods/detail?id=17"],
    )


class SellingUnit(BaseModel):
    """One way to buy the goods; only ways that are open are listed."""

    unit: Literal["retail", "case"] = Field(
        description=_("What a cart line names: by the base unit, or by the whole case.")
    )
    name: str = Field(description=_("The unit's name."), examples=["斤"])
    size: Quantity = Field(
        description=_("How many base units one of it holds; 1 for retail.")
    )
    price: Money = Field(description=_("Yuan for one of it."))
    min_quantity: Quantity = Field(
        description=_("The least that can be bought, counted in this unit.")
    )


class Goods(BaseModel):
    id: int = Field(ge=1, examples=[17])
    code: str = Field(examples=["AP-0017"])
    name: str = Field(examples=["烟台红富士苹果"])
    category: Named
    brand: Named | None
    origin: str = Field(description=_("Blank where not given."), examples=["山东烟台"])
    spec: str = Field(
        description=_("Size or packing in words; blank where not given."),
        examples=["80mm 以上"],
    )
    image: Address | None = Field(
        description=_("The address of the main picture on this host, or null."),
        examples=["/media/goods/3f2a/9c41d07be2f3486cb1a0d5e7.jpg"],
    )
    units: list[SellingUnit]
    available: Quantity | None = Field(
        description=_(
            "Base units that can be bought now; null where the shop keeps no stock."
        )
    )
    sold_out: bool = Field(description=_("Nothing of it can be bought now."))
    sales_volume: Quantity = Field(
        description=_("Base units handed over, less those returned.")
    )


class GoodsDetail(Goods):
    images: list[Address] = Field(
        description=_("The addresses of all pictures, the main one first.")
    )
    description: str = Field(description=_("Plain text; blank where not given."))


class BannerList(BaseModel):
    pagination: Pagination
    items: list[Banner]


class CategoryList(BaseModel):
    pagination: Pagination
    items: list[Category]


class GoodsList(BaseModel):
    pagination: Pagination
    items: list[Goods]


class BannersAnswer(Envelope[BannerList]):
    """A page of banners."""


class CategoriesAnswer(Envelope[CategoryList]):
    """A page of categories."""


class GoodsListAnswer(Envelope[GoodsList]):
    """A page of goods."""


class GoodsAnswer(Envelope[GoodsDetail]):
    """One goods."""
