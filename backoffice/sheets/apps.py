from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SheetsConfig(AppConfig):
    name = "backoffice.sheets"
    verbose_name = _("Sheets")

    def ready(self) -> None:
        from backoffice.oplog import reading  # noqa: PLC0415 - models load first
        from backoffice.sheets.definitions import (  # noqa: PLC0415 - as above
            label,
            register,
        )
        from backoffice.sheets.operations import (  # noqa: PLC0415 - as above
            OperationLogSheet,
        )

        register(OperationLogSheet())
        reading.values["sheet"] = label
