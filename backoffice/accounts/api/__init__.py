"""Sign-in and account in the storefront's API."""

from ninja import Router

from backoffice.accounts.api import account, sessions, wechat

router = Router()
router.add_router("", sessions.router)
router.add_router("", wechat.router)
router.add_router("", account.router)

__all__ = ["router"]
