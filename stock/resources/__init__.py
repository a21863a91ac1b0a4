"""The sheets of stock."""
