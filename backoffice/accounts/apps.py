from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "backoffice.accounts"
    verbose_name = _("Staff and customers")

    def ready(self) -> None:
        from backoffice.accounts import events  # noqa: PLC0415 - apps load first
        from backoffice.accounts.backends import find_user  # noqa: PLC0415 - apps load first
        from backoffice.base import ports  # noqa: PLC0415 - apps load first

        ports.find_user.connect(find_user)
        events.connect()
