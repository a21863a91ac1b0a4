"""Replaying a shop's sales through our ledger, for trust (docs/replay.md)."""
