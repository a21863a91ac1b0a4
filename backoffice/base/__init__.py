"""What everybody stands on: errors, money, guards, append-only rows, ports, HTTP words."""
