"""The storefront's API: one document, one prefix, the routers of the floors."""

from django.utils.translation import gettext_noop as _

from backoffice.accounts.api import router as accounts_router
from backoffice.base.api.factory import create_api
from catalog.api import router as catalog_router
from sales.api import router as sales_router

api = create_api(
    title=_("Fruit shop storefront API"),
    version="1",
    urls_namespace="api-1",
    openapi_extra={
        "tags": [
            {"name": "shop", "description": _("What is on the shelf.")},
            {"name": "sign-in", "description": _("In, out, and new tokens.")},
            {"name": "account", "description": _("What belongs to the customer.")},
            {"name": "cart", "description": _("What is picked, and what it comes to.")},
            {"name": "orders", "description": _("From placing to refund.")},
        ]
    },
    description=_(
        "What a storefront (a WeChat mini-program, an app, a site) asks of the shop.\n\n"
        "**Answers.** Success is `{code: 0, msg, data}`; a refusal has the fitting HTTP "
        "status and `{code, error, msg, data}`. Programs read `error`, people read `msg`. "
        "Money and quantities are texts with fixed places, times carry their offset.\n\n"
        "**Lists** come in pages: `page_index` from 1, `page_size` up to 100. A page past "
        "the end is empty.\n\n"
        "**Strictness.** Unknown or repeated parameters are refused, so that a misspelt "
        "filter is noticed.\n\n"
        "**Signed in.** Calls with a lock take the header `Authorization: JWT-TOKEN "
        "<token>` (or `Bearer`) with the token of `/auth/login`.\n\n"
        "**Language.** `Accept-Language` chooses that of `msg`: zh-hans or en."
    ),
)
api.add_router("", catalog_router)
api.add_router("", accounts_router)
api.add_router("", sales_router)
