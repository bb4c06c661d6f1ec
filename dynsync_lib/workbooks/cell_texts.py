"""Cells of XLSX workbooks as the text that a CSV file of the same table would hold.

Facts
    * Excel and xlsxwriter store characters that XML cannot hold as `_x000D_`; openpyxl leaves that as it is. A carriage
      return within a cell is the usual one.
    * Days and times are one type of cell; the number format says whether people see a time of day. A midnight under a
      format without one is a date.
    * Numbers have no form: 5.0 is 5. Only a format such as `00000`, of postal codes, shows zeros that belong to them.
    * Errors such as #N/A are a type of their own, and no value; the same letters in a cell of text are text.

Not modelled
    * People who typed the seven letters `_x000D_`: openpyxl delivers them as it delivers a carriage return.

Where it is used: `portals.files.sheets`, `worklist.read_workbook`. Source: ECMA-376 part 1, 22.9.2.19 (ST_Xstring).
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

_ESCAPED: Final = re.compile(r"_x(00[01][0-9A-Fa-f]|005[Ff])_")
_NO_CODE: Final = re.compile(r'\[(?![hms]+\])[^\]]*\]|"[^"]*"|\\.|_.', re.IGNORECASE)
_ZEROS: Final = re.compile("0{2,}")
_MIDNIGHT: Final = time(0, 0)


def cell_text(cell: Any) -> str | None:
    """The text of one of openpyxl's cells; None for an empty one."""
    value = cell.value
    if value is None or value == "" or cell.data_type == "e":
        return None
    if isinstance(value, str):
        return _ESCAPED.sub(_character, value) if "_x00" in value else value
    if isinstance(value, datetime):
        is_date = value.time() == _MIDNIGHT and not _has_time(cell.number_format)
        return value.date().isoformat() if is_date else value.isoformat(timespec="seconds")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and _is_whole(value):
        return _filled(int(value), cell.number_format)
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value)


def _is_whole(value: float) -> bool:
    return isinstance(value, int) or value.is_integer()


def _filled(number: int, number_format: str) -> str:
    """A whole number with the zeros that its format shows: 1234 under `00000` is 01234, a postal code."""
    return str(number).zfill(_shown_digits(number_format)) if number >= 0 else str(number)


@lru_cache(maxsize=256)
def _shown_digits(number_format: str) -> int:
    """How many digits a format of nothing but zeros shows at least; 0 for any other format."""
    codes = number_format.split(";")[0]
    return len(codes) if _ZEROS.fullmatch(codes) else 0


def _character(escaped: re.Match[str]) -> str:
    return chr(int(escaped[1], 16))


@lru_cache(maxsize=256)
def _has_time(number_format: str) -> bool:
    """Whether people see hours under a number format such as `dd.mm.yyyy hh:mm`, by its first section."""
    codes = _NO_CODE.sub("", number_format.split(";")[0])
    return re.search("[hs]", codes, re.IGNORECASE) is not None
