"""Whether what is booked is what the ledgers say: proofs, checks, the alarm."""
