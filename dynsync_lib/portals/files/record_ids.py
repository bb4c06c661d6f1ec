"""Ids of records as the APIs print them, whatever a service or a spreadsheet made of them.

Facts
    * A GUID has five groups of small letters and digits. Services also write capitals, braces, or 32 digits in a row.
    * HubSpot's ids are whole numbers. Where a column with gaps became one of numbers, 101 became 101.0.

Where it is used: `portals.files.file_rows`, `portals.files.name_index`, `portals.files.association_columns`,
`portals.files.load_files`.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

_POINT_ZERO: Final = re.compile(r"(\d+)\.0+")
_DIGITS_OF_GUID: Final = re.compile(r"[0-9a-f]{32}")
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GROUPS: Final = (0, 8, 12, 16, 20, 32)


def plain_guid(cell: str | None) -> str | None:
    """A GUID as the API would print it; another text trimmed, without braces, in lower case; empty ones as they are."""
    if not cell:
        return cell
    plain = cell.strip().strip("{}").lower()
    if _DIGITS_OF_GUID.fullmatch(plain):
        return "-".join(plain[start:end] for start, end in pairwise(_GROUPS))
    return plain


def plain_number(cell: str | None) -> str | None:
    """An id of HubSpot's, or a number of an option, without `.0` and outer blanks; None for an empty cell."""
    plain = (cell or "").strip()
    whole = _POINT_ZERO.fullmatch(plain)
    return (whole[1] if whole is not None else plain) or None


def is_guid(cell: str) -> bool:
    """Whether a text that `plain_guid` made is a GUID."""
    return _GUID.fullmatch(cell) is not None
