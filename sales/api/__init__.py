"""Cart, quote, orders and refunds in the storefront's API."""

from ninja import Router

from sales.api import carts, orders

router = Router()
router.add_router("", carts.router)
router.add_router("", orders.router)

__all__ = ["router"]
