"""Text from inside the machine, made fit for people and for other services: without
secrets, mobiles and e-mail addresses."""

import re

MASK = "•••"

_PATTERNS = (
    # password='…', "token": "…", api_key=…
    (
        re.compile(
            r"""(?i)(["']?[\w-]*(?:password|passwd|secret|token|api_?key|authorization)"""
            r"""[\w-]*["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s,;)}\]]+)"""
        ),
        rf"\1{MASK}",
    ),
    # postgres://user:password@host
    (re.compile(r"(\w://[^\s/:@]*:)[^\s@]+@"), rf"\1{MASK}@"),
    (re.compile(r"(?<!\d)((?:\+?86)?1[3-9]\d)\d{4}(\d{4})(?!\d)"), r"\1••••\2"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), MASK),
)


def mask_text(text: object) -> str:
    """The text with everything replaced that nobody else should read."""
    shown = str(text or "")
    for pattern, replacement in _PATTERNS:
        shown = pattern.sub(replacement, shown)
    return shown
