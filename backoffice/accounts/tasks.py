"""The jobs of people and tokens: thin, and harmless when run twice."""

from backoffice.accounts import tokens


def sweep_tokens() -> int:
    """Delete revocations of tokens that have expired by now; gives their number."""
    return tokens.sweep()
