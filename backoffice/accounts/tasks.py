"""The jobs of people and tokens: thin, and harmless when run twice."""

from backoffice.accounts import tokens, uploads


def sweep_tokens() -> int:
    """Delete revocations of tokens that have expired by now; gives their number."""
    return tokens.sweep()


def drop_unused_uploads() -> int:
    """Delete pictures of customers that nothing uses; gives their number."""
    return uploads.drop_unused()
