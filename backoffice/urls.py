"""All addresses of the shop."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from backoffice import health, icon, media
from backoffice.api import api
from sales.api import notify

urlpatterns = [
    # outside the envelope of the storefront's API
    path("api/v1/wechat/notify/pay", notify.pay),
    path("api/v1/wechat/notify/refund", notify.refund),
    # asked for most often, so first; see backoffice.base.direct
    path("api/v1/", api.urls),
    path("media/thumb/<int:side>/<path:name>", media.thumbnail),
    path("media/<path:name>", media.picture),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    # whoever types the bare address means the back office
    path("", login_not_required(RedirectView.as_view(pattern_name="admin:index"))),
    # on the sign-in page too
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("favicon.ico", icon.favicon),
]

handler400 = "backoffice.error_pages.bad_request"
handler403 = "backoffice.error_pages.permission_denied"
handler404 = "backoffice.error_pages.page_not_found"
handler500 = "backoffice.error_pages.server_error"
