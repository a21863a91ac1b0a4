from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SmsConfig(AppConfig):
    name = "backoffice.sms"
    verbose_name = _("SMS")

    def ready(self) -> None:
        from backoffice.sms import checks  # noqa: F401, PLC0415 - registers the checks
