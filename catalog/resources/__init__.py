"""What the sheets of the catalog mean: goods and prices."""
