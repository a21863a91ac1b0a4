"""GET /banners, /categories, /goods and /goods/{id}: what the shop shows to everybody."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import Path, Query, Router

from backoffice.base.api.envelope import sent, success
from backoffice.base.api.factory import refusals
from backoffice.base.api.paging import Page, Paged
from backoffice.base.api.schemas import Id
from catalog import carousel, storefront
from catalog.api.schemas import (
    BannersAnswer,
    CategoriesAnswer,
    GoodsAnswer,
    GoodsListAnswer,
    GoodsQuery,
)

router = Router(tags=["shop"])


@router.get(
    "/banners",
    operation_id="list_banners",
    summary=_("Banners"),
    description=_(
        "The pictures of the carousel whose time it is, in the merchant's order."
    ),
    response={200: BannersAnswer, **refusals(400)},
)
def list_banners(request: HttpRequest, query: Query[Paged]) -> HttpResponse:
    page = Page(query.page_index, query.page_size)
    return success(carousel.page_of(page))


@router.get(
    "/categories",
    operation_id="list_categories",
    summary=_("Categories"),
    description=_("All shelves of the shop in the merchant's order."),
    response={200: CategoriesAnswer, **refusals(400)},
)
def list_categories(request: HttpRequest, query: Query[Paged]) -> HttpResponse:
    page = Page(query.page_index, query.page_size)
    return success(storefront.categories(page))


@router.get(
    "/goods",
    operation_id="list_goods",
    summary=_("Goods on sale"),
    description=_(
        "A page of the goods on sale, narrowed by the filters. A category or brand that "
        "does not exist finds nothing. What has sold out stays in the list."
    ),
    response={200: GoodsListAnswer, **refusals(400)},
)
def list_goods(request: HttpRequest, query: Query[GoodsQuery]) -> HttpResponse:
    search = storefront.Search(
        category=query.category,
        brand=query.brand,
        q=query.q,
        in_stock=query.in_stock,
        ordering=query.ordering,
    )
    page = Page(query.page_index, query.page_size)
    return sent(storefront.goods_page(search, page))


@router.get(
    "/goods/{id}",
    operation_id="get_goods",
    summary=_("One goods"),
    description=_("As in the list, with all pictures and the description."),
    response={200: GoodsAnswer, **refusals(404)},
)
def get_goods(request: HttpRequest, id: Path[Id]) -> HttpResponse:
    return success(storefront.goods(id))
