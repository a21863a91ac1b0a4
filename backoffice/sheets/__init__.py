"""Spreadsheets in and out: reading, checking, batches. What a sheet means says its app."""
