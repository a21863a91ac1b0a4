"""Goods for tests; they reach a status by calling the verbs."""

from decimal import Decimal

import factory

from backoffice.accounts.tests.factories import AdminFactory
from catalog import changes, listing, review
from catalog.models import Brand, Category, Goods, Unit


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


class ApprovedGoodsFactory(GoodsFactory):
    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        by = kwargs.pop("by", None) or AdminFactory()
        goods = super()._create(model_class, *args, by=by, **kwargs)
        return review.approve(review.submit(goods, by=by), by=by)


class OnSaleGoodsFactory(GoodsFactory):
    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        by = kwargs.pop("by", None) or AdminFactory()
        goods = super()._create(model_class, *args, by=by, **kwargs)
        goods = review.approve(review.submit(goods, by=by), by=by)
        return listing.list_goods(goods, by=by)
