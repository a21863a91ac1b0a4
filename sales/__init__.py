"""Who bought what for how much: cart, orders, points, payments, refunds."""
