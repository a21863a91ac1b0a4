from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "backoffice.accounts"
    verbose_name = _("Staff and customers")

    def ready(self) -> None:
        from backoffice.accounts import (  # noqa: PLC0415 - apps load first
            checks,  # noqa: F401 - registers the checks
            events,
        )
        from backoffice.accounts.backends import find_user  # noqa: PLC0415 - apps load first
        from backoffice.accounts.permissions import permission_label  # noqa: PLC0415 - apps load first
        from backoffice.accounts.roles import role_label  # noqa: PLC0415 - apps load first
        from backoffice.base import ports  # noqa: PLC0415 - apps load first
        from backoffice.oplog import reading  # noqa: PLC0415 - apps load first

        ports.find_user.connect(find_user)
        events.connect()
        reading.values["roles"] = role_label
        reading.values["permissions"] = permission_label
