#!/usr/bin/env python
"""The shop's command line: `manage.py help` lists what it can do."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    from django.core.management import execute_from_command_line

    from backoffice.env import UnreadableSetting

    try:
        execute_from_command_line(sys.argv)
    except UnreadableSetting as error:
        sys.exit(f"The shop cannot start: {error}")


if __name__ == "__main__":
    main()
