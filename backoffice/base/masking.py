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


def mask_mobile(mobile: str | None) -> str:
    """138••••8000, as people tell numbers apart."""
    return f"{mobile[:3]}••••{mobile[-4:]}" if mobile else ""


def mask_email(email: str | None) -> str:
    """The first character and the host."""
    name, _at, host = (email or "").partition("@")
    return f"{name[:1]}{MASK}@{host}" if host else ""


def mask_name(name: str) -> str:
    """The first character: 李•••."""
    return f"{name[:1]}{MASK}" if name else ""


def mask_text(text: object) -> str:
    """The text with everything replaced that nobody else should read."""
    shown = str(text or "")
    for pattern, replacement in _PATTERNS:
        shown = pattern.sub(replacement, shown)
    return shown
