from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StockConfig(AppConfig):
    name = "stock"
    verbose_name = _("Stock")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate  # noqa: PLC0415 - as below

        from backoffice.base import ports  # noqa: PLC0415 - models load first
        from backoffice.books import proofs  # noqa: PLC0415 - as above
        from backoffice.oplog import reading  # noqa: PLC0415 - as above
        from backoffice.sheets.definitions import register  # noqa: PLC0415 - as above
        from catalog import triggers  # noqa: PLC0415 - as above
        from stock import (  # noqa: PLC0415 - as above
            availability,
            consequences,
            levels,
            proving,
            replenishment,
            velocity,
            watching,
            words,
        )
        from stock.admin.cells import stock_url  # noqa: PLC0415 - as above
        from stock.resources import exports  # noqa: PLC0415 - as above
        from stock.resources.replenishment import (  # noqa: PLC0415 - as above
            ReceiptSheet,
        )
        from stock.resources.sales_history import (  # noqa: PLC0415 - as above
            SalesHistorySheet,
        )
        from stock.resources.stocktake import (  # noqa: PLC0415 - as above
            CountSheet,
        )

        self.put_back = triggers.keep_shown("stock_stockbalance")
        post_migrate.connect(self.put_back, sender=self)
        ports.available.connect(availability.available)
        ports.reserved.connect(availability.reserved)
        ports.moved.connect(availability.moved)
        ports.is_available_expression.connect(availability.is_available_expression)
        ports.last_received.connect(availability.last_received)
        ports.sold_lately.connect(velocity.sold_lately)
        ports.stock_url.connect(stock_url)
        levels.on_order.connect(replenishment.on_order)
        proofs.register("stock", proving.prove)
        for sheet in (exports.BalanceSheet, exports.LedgerSheet, exports.WriteOffSheet):
            register(sheet())
        consequences.register(watching.moved)
        reading.labels["stock"] = words.label
        for subject in ("alert", "supplier", "replenishment", "stocktake"):
            reading.labels[subject] = words.label
        reading.values["cause"] = words.cause
        reading.values["level"] = words.level
        reading.values["until"] = words.until
        for imported in (SalesHistorySheet, ReceiptSheet, CountSheet):
            register(imported())
