"""Work in the background: leases for long work in steps, and what the admin shows of it."""
