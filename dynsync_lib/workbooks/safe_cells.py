"""Cells that a spreadsheet takes for what they are: texts.

Facts
    * A spreadsheet may divide a file otherwise than it was written: at semicolons, tabs or the line ends inside a cell.
      So a text that would begin a formula at any such point gets an apostrophe there; a telephone or other number does
      not need it.

Where it is used: `forecasts.csv_files`, `workbooks.new`.
"""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = re.compile(
    r"""
    (?P<before> \A | [;,|\t\r\n"] )       # where a cell begins, or could be taken to begin
    (?P<blank> \s* )
    (?= [=@\uff1d\uff20] | [+\-\uff0b\uff0d] (?! [0-9\ ()./-]* \Z ) )
    """,
    re.VERBOSE,
)
"""The full-width forms of =, @, + and - begin a formula, too, in a spreadsheet that is set to Japanese."""
_HIDDEN_START: Final = re.compile(r"[\t\r]")


def safe_cell(value: object) -> str:
    """The text of one cell: empty for null, `true` and `false` for flags, formulas made harmless.

    >>> safe_cell("=1+1"), safe_cell("Company A; =1+1"), safe_cell("+49 30 901820")
    ("'=1+1", "Company A; '=1+1", '+49 30 901820')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = _FORMULA.sub(r"\g<before>\g<blank>'", str(value))
    return f"'{text}" if _HIDDEN_START.match(text) else text
