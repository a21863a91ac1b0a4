#!/usr/bin/env python
"""The shop's command line: `manage.py help` lists what it can do."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    from django.conf import settings
    from django.core.exceptions import AppRegistryNotReady
    from django.core.management import execute_from_command_line

    from backoffice.env import UnreadableSetting

    try:
        try:
            execute_from_command_line(sys.argv)
        except AppRegistryNotReady:
            # some commands go on without settings that cannot be read: say which
            settings.INSTALLED_APPS  # noqa: B018 - reading it is what tells
            raise
    except UnreadableSetting as error:
        sys.exit(f"The shop cannot start: {error}")


if __name__ == "__main__":
    main()
