"""Sign-in and account in the storefront's API."""

from ninja import Router

from backoffice.accounts.api import account, addresses, files, sessions, wechat

router = Router()
router.add_router("", sessions.router)
router.add_router("", wechat.router)
router.add_router("", account.router)
router.add_router("", addresses.router)
router.add_router("", files.router)

__all__ = ["router"]
