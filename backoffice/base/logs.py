"""Log lines that operators can follow: JSON for machines, one line of text for people.

Both carry the request, user and task ids of `base.context`.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from backoffice.base.context import current

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def extra_of(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller gave as `extra=`."""
    return {k: v for k, v in vars(record).items() if k not in _STANDARD}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, ids, extras, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        context = current()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if context.request_id:
            line["request_id"] = context.request_id
        if context.user_id:
            line["user_id"] = context.user_id
        if context.task_id:
            line["task_id"] = context.task_id
        line |= {k: v for k, v in extra_of(record).items() if k != "request"}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """For a terminal: time, level, message, extras and the request id."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name in logging
        """The line itself; a traceback follows below it."""
        text = super().formatMessage(record)
        extras = {k: v for k, v in extra_of(record).items() if k != "request"}
        words = [f"{k}={v}" for k, v in extras.items() if k != "status_code"]
        if current().request_id:
            words.append(f"request={current().request_id}")
        return f"{text} [{' '.join(words)}]" if words else text
