"""The operation log: who did which act, on what, from where."""
