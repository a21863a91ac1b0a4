"""The merchant's settings: typed, lazily read, in three layers.

`from backoffice.shop import shop`, then `shop.MIN_ORDER`.
"""

from backoffice.shop.values import shop

__all__ = ["shop"]
