"""The jobs of stock: thin, and harmless when run twice."""

from stock import alerts


def check_levels() -> dict[str, int] | None:
    """Every minute: look at all goods when it is time, and at what is marked."""
    report = alerts.check_when_due()
    check_moved()
    return report.as_json() if report else None


def check_moved() -> int:
    """Look at goods that moved, some hundred at a time; gives the number of checks."""
    count = 0
    while alerts.check_moved() is not None:
        count += 1
    return count
