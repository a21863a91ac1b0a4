"""People: one user table for staff and customers, sign-in, roles."""
