from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OplogConfig(AppConfig):
    name = "backoffice.oplog"
    verbose_name = _("Logs")
