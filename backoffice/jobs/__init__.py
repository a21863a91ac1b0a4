"""Work in the background: schedules, leases, long work in steps, failures to look at."""
