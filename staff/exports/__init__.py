"""Lists as files: whatever a page lists, as filtered, as CSV or XLSX.

A room registers its lists in AppConfig.ready. A short one is written while the person waits; a long one
by the worker, in slices, and then it waits on the page of exports for some days.
"""

from staff.exports.lists import (
    KINDS,
    LISTS,
    Column,
    ExportList,
    column,
    register,
    register_kind,
)

__all__ = ["KINDS", "LISTS", "Column", "ExportList", "column", "register", "register_kind"]
