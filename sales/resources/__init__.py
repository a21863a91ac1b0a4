"""The sheets of sales."""
