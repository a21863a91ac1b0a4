"""What the shop sells: goods, their review and shelf, their prices, their pictures."""
