"""Sheets in the admin: handing in, naming columns, preview, import, undo, downloads."""

from backoffice.sheets.admin.batches import BatchAdmin
from backoffice.sheets.admin.exports import ExportAdmin
from backoffice.sheets.admin.links import sheet_tools

__all__ = ["BatchAdmin", "ExportAdmin", "sheet_tools"]
