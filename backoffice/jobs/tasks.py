"""The jobs of this floor: thin, and harmless when run twice."""

from backoffice.jobs import cleaning, failures, recovery


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
    """Look after tasks of workers that are gone, and give up those that kill their
    workers; gives the number given up."""
    recovery.give_out_again()
    return failures.bury()
