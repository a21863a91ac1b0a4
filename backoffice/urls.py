"""All addresses of the shop."""

from django.contrib import admin
from django.urls import include, path

from backoffice import health, media
from backoffice.api import api

urlpatterns = [
    # asked for most often, so first; see backoffice.base.direct
    path("api/v1/", api.urls),
    path("media/<path:name>", media.picture),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
