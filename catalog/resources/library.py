"""The catalog's sheets as resources of django-import-export."""

from backoffice.sheets.library import SheetResource


class GoodsResource(SheetResource):
    sheet = "goods"


class PricesResource(SheetResource):
    sheet = "prices"
