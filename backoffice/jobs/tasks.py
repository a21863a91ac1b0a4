"""The jobs of this floor: thin, and harmless when run twice."""

from backoffice.jobs import cleaning, failures


def clean() -> dict[str, int]:
    """Sweep away what has expired; gives the number of rows by kind."""
    return {
        "sessions": cleaning.sessions(),
        "cache": cleaning.cache_rows(),
        "tasks": cleaning.finished_tasks(),
        "sign_ins": cleaning.sign_ins(),
        "leases": cleaning.expired_leases(),
    }


def watch() -> int:
    """Give up tasks that kill their workers; gives their number."""
    return failures.bury()
