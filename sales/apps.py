from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalesConfig(AppConfig):
    name = "sales"
    verbose_name = _("Sales")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate  # noqa: PLC0415 - as below

        from backoffice.base import ports  # noqa: PLC0415 - apps load first
        from backoffice.books import proofs  # noqa: PLC0415 - as above
        from backoffice.oplog import reading  # noqa: PLC0415 - as above
        from backoffice.sheets.definitions import register  # noqa: PLC0415 - as above
        from catalog import triggers  # noqa: PLC0415 - as above
        from sales import (  # noqa: PLC0415 - models load first
            checks,  # noqa: F401 - registers the checks
            figures,
            personal,
            proving,
            words,
        )
        from sales.admin import cells, customers  # noqa: PLC0415 - as above
        from sales.resources import exports  # noqa: PLC0415 - as above
        from sales.triggers import keep_figures  # noqa: PLC0415 - as above

        self.put_back = triggers.keep_shown("sales_goodsfigures")
        post_migrate.connect(self.put_back, sender=self)
        post_migrate.connect(keep_figures, sender=self)
        ports.sales_volume.connect(figures.sales_volume)
        ports.sales_volume_expression.connect(figures.sales_volume_expression)
        ports.open_demand.connect(figures.open_demand)
        ports.order_terms.connect(figures.order_terms)
        ports.order_urls.connect(cells.order_urls)
        ports.customer_orders.connect(customers.orders_of)
        ports.customer_tools.connect(customers.tools_of)
        ports.customer_figures.connect(figures.customer_figures)
        ports.points_expression.connect(figures.points_expression)
        ports.points_log.connect(figures.points_log)
        ports.personal_data.connect(personal.export)
        ports.erase_personal_data.connect(personal.erase)
        proofs.register("points", proving.prove_points)
        proofs.register("payments", proving.prove_payments)
        for subject in ("order", "refund", "points"):
            reading.labels[subject] = words.label
        reading.values["channel"] = words.channel
        register(exports.OrderSheet())
        register(exports.OrderLineSheet())
