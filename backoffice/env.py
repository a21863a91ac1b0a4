"""Strict reading of the environment: what cannot be read stops the start.

django-environ does the parsing and the `.env` file. This module adds what it lacks:
a value that is not of its type is refused by name instead of being guessed (environ
reads `DEBUG=maybe` as off), and a secret may stand in a file (`SECRET_KEY_FILE`).
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured

ON = {"1", "on", "true", "yes", "y", "t"}
OFF = {"0", "off", "false", "no", "n", "f", ""}


class UnreadableSetting(ImproperlyConfigured):
    """A setting of the environment is missing or cannot be read; the message names it."""


class Environment:
    """Typed access to the environment; each call names one setting and its default.

    Every name asked for is remembered in `names`, so that a test can hold
    `.env.example` against them.
    """

    def __init__(self, env_file: Path | None = None) -> None:
        if env_file is not None and env_file.is_file():
            environ.Env.read_env(str(env_file))
        self._env = environ.Env()
        self.names: set[str] = set()

    def text(self, name: str, default: str = "") -> str:
        """The value as it stands, or the content of the file that NAME_FILE points to."""
        self.names.add(name)
        path = os.environ.get(f"{name}_FILE")
        if path:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise UnreadableSetting(
                    f"{name}_FILE points to {path!r}, which cannot be read "
                    f"({error.strerror})."
                ) from None
        value: str = self._env.str(name, default=default)
        return value.strip()

    def is_set(self, name: str) -> bool:
        """Whether the environment names the setting at all, even as empty."""
        return name in os.environ or f"{name}_FILE" in os.environ

    def flag(self, name: str, default: bool = False) -> bool:
        """on/off, true/false, yes/no, 1/0; anything else is refused."""
        value = self.text(name, "on" if default else "off").lower()
        if value in ON:
            return True
        if value in OFF:
            return False
        raise UnreadableSetting(f"{name} is {value!r}, which is neither on nor off.")

    def number(
        self,
        name: str,
        default: int,
        *,
        least: int | None = None,
        most: int | None = None,
    ) -> int:
        """A whole number within its bounds (both inclusive)."""
        value = self.text(name, str(default))
        try:
            number = int(value)
        except ValueError:
            raise UnreadableSetting(
                f"{name} is {value!r}, which is not a whole number."
            ) from None
        if (least is not None and number < least) or (
            most is not None and number > most
        ):
            bounds = f"at least {least}" if most is None else f"from {least} to {most}"
            raise UnreadableSetting(f"{name} is {number}, which must be {bounds}.")
        return number

    def words(self, name: str, default: str = "") -> list[str]:
        """A list separated by commas; blanks are dropped."""
        return [
            word.strip() for word in self.text(name, default).split(",") if word.strip()
        ]

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words, written in any case."""
        value = self.text(name, default)
        for word in allowed:
            if word.lower() == value.lower():
                return word
        raise UnreadableSetting(
            f"{name} is {value!r}, which is not one of {', '.join(allowed)}."
        )

    def timezone(self, name: str, default: str) -> str:
        """A zone of the IANA database, for example Asia/Shanghai."""
        value = self.text(name, default)
        if value not in available_timezones():
            raise UnreadableSetting(
                f"{name} is {value!r}, which is not a time zone such as {default}."
            )
        return ZoneInfo(value).key

    def url(self, name: str, schemes: tuple[str, ...], default: str = "") -> str:
        """An address with one of the schemes, or blank."""
        value = self.text(name, default)
        if value and value.split("://", 1)[0] not in schemes:
            raise UnreadableSetting(
                f"{name} must begin with {' or '.join(f'{s}://' for s in schemes)}."
            )
        return value

    def parsed(self, name: str, parse: Callable[[str], Any], default: str) -> Any:
        """Whatever `parse` makes of the text; its ValueError becomes the refusal.

        The value itself is not repeated in the message: it may hold a password.
        """
        try:
            return parse(self.text(name, default))
        except (ValueError, KeyError, ImproperlyConfigured) as error:
            raise UnreadableSetting(f"{name} cannot be read: {error}") from None
