from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "backoffice.jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from backoffice.jobs import signals  # noqa: PLC0415 - needs the models

        signals.connect()
