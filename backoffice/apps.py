from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class BackofficeConfig(AppConfig):
    """The house itself: checks and commands; it has no tables."""

    name = "backoffice"

    def ready(self) -> None:
        from backoffice import checks  # noqa: F401, PLC0415 - registers the checks
        from backoffice.jobs import table  # noqa: PLC0415 - needs the apps to be ready
        from backoffice.schedules import SCHEDULES  # noqa: PLC0415 - as above

        table.use(SCHEDULES)


class BackofficeAdminConfig(AdminConfig):
    """Puts our site in the place of Django's, so that `admin.site` is ours."""

    default_site = "backoffice.admin_site.BackofficeAdminSite"
