"""The catalog's pages: the merchant's workbench, review, runs, words, logs.

Doors only: they read, call one verb, and turn its refusal into a message.
"""

from catalog.admin import banners, goods, home, logs, runs, words

__all__ = ["banners", "goods", "home", "logs", "runs", "words"]
