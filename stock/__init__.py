"""How many there are: balances, their ledger, and whatever moves them (DOMAIN 4).

Who builds on it uses these, all with keyword arguments and `by=`:

- `stock.reservations`: `reserve`, `release`, `hand_over`, `put_back`, `held_by`, for
  orders; called inside the transaction of the act.
- `stock.receiving`: `open_stock`, and `receive(lines, reference=, by=)`, which books a
  receipt and averages the costs.
- `stock.replenishment`: `suggest`, `draft`, `change`, `order`, `receive`, `cancel`, `on_order`;
  `stock.suppliers`: `add`, `change`, `assign`.
- `stock.deliveries.take_in`: receipts that come with their papers (sheets).
- `stock.stocktaking`: `start`, `add`, `count`, `finish`, `reopen`, `post`, `cancel`, `undo`.
- `stock.corrections`: `adjust`; `post_differences` is the part of a stocktake that moves.
- `stock.spoilage`: `write_off`.
- `stock.availability`: `available`, `reserved`, `is_available_expression`, `holds`.
- `stock.velocity.paces`: how fast goods sell; `stock.sold.note`: lines of orders that were
  paid or refunded; `stock.levels.on_order`: the port by which replenishment says what is
  under way.
- `stock.alerts`: what is low, sold out or to be ordered.
- `stock.consequences.register(act)`: to learn of every movement in its transaction.
- `stock.ledger`: `lock`, `post(postings)`; the only writer of balances, for whoever has
  no verb above (replays).
- `backoffice.books.proofs.register(name, proof)`: to be part of `verify_books`.
"""
