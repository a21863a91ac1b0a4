"""Goods for tests; they reach a status by calling the verbs."""

from decimal import Decimal

import factory

from backoffice.accounts.tests.factories import AdminFactory
from catalog import archiving, banners, changes, listing, review
from catalog.enums import GoodsStatus
from catalog.models import Banner, Brand, Category, Goods, Unit
from catalog.tests.pictures import upload


class UnitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Unit
        django_get_or_create = ("name",)

    name = "斤"
    step = Decimal("0.001")


class PieceFactory(UnitFactory):
    name = "个"
    step = Decimal("1.000")


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category
        django_get_or_create = ("name",)

    name = "苹果蕉梨"


class BrandFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Brand
        django_get_or_create = ("name",)

    name = "果农之家"


class GoodsFactory(factory.django.DjangoModelFactory):
    """A draft that is ready to be submitted."""

    class Meta:
        model = Goods

    code = factory.Sequence(lambda n: f"G{n:05d}")
    name = "红富士苹果"
    category = factory.SubFactory(CategoryFactory)
    unit = factory.SubFactory(UnitFactory)
    price = Decimal("9.90")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        by = kwargs.pop("by", None)
        return changes.create(Goods(**kwargs), changes.Origin(by=by))


class PendingGoodsFactory(GoodsFactory):
    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        by = kwargs.pop("by", None) or AdminFactory()
        return review.submit(
            super()._create(model_class, *args, by=by, **kwargs), by=by
        )


class ApprovedGoodsFactory(PendingGoodsFactory):
    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        by = kwargs.pop("by", None) or AdminFactory()
        return review.approve(
            super()._create(model_class, *args, by=by, **kwargs), by=by
        )


class RejectedGoodsFactory(PendingGoodsFactory):
    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        by = kwargs.pop("by", None) or AdminFactory()
        goods = super()._create(model_class, *args, by=by, **kwargs)
        return review.reject(goods, by=by, reason="图片不清楚")


class OnSaleGoodsFactory(ApprovedGoodsFactory):
    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        by = kwargs.pop("by", None) or AdminFactory()
        return listing.list_goods(
            super()._create(model_class, *args, by=by, **kwargs), by=by
        )


class OffSaleGoodsFactory(OnSaleGoodsFactory):
    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        by = kwargs.pop("by", None) or AdminFactory()
        return listing.delist(
            super()._create(model_class, *args, by=by, **kwargs), by=by
        )


class ArchivedGoodsFactory(GoodsFactory):
    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        by = kwargs.pop("by", None) or AdminFactory()
        return archiving.archive(
            super()._create(model_class, *args, by=by, **kwargs), by=by
        )


FACTORIES = {
    GoodsStatus.DRAFT: GoodsFactory,
    GoodsStatus.PENDING: PendingGoodsFactory,
    GoodsStatus.APPROVED: ApprovedGoodsFactory,
    GoodsStatus.REJECTED: RejectedGoodsFactory,
    GoodsStatus.ON_SALE: OnSaleGoodsFactory,
    GoodsStatus.OFF_SALE: OffSaleGoodsFactory,
    GoodsStatus.ARCHIVED: ArchivedGoodsFactory,
}


def goods_in(status, **fields):
    """A goods that reached this status by the verbs."""
    return FACTORIES[status](**fields)


class BannerFactory(factory.django.DjangoModelFactory):
    """A banner that is shown, entered by the verb; its files go to MEDIA_ROOT."""

    class Meta:
        model = Banner

    title = factory.Sequence(lambda n: f"轮播{n}")
    link = "/pages/index/index"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        by = kwargs.pop("by", None) or AdminFactory()
        image = kwargs.pop("image", None) or upload(size=(150, 64))
        return banners.create_banner(kwargs, image=image, by=by)
