"""The demo shop: what `make run` starts, and the shop that it fills in once."""
