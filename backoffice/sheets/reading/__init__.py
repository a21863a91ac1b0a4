"""From a file that somebody handed in to rows of cells, whatever the file is."""

from backoffice.sheets.reading.header import Found, Layout, find_header, read_layout
from backoffice.sheets.reading.workbook import Head, Workbook

__all__ = ["Found", "Head", "Layout", "Workbook", "find_header", "read_layout"]
