"""Records of a CSV file that a quote which nobody closed has swallowed: they stand in a cell as its text.

Facts
    * Such a cell ends the record it began in, holds whole records as lines, and begins the record in which the next
      quote stands: each of its lines has as many delimiters as that takes, and the row still has as many cells as the
      heading, so that nothing else tells.
    * Notes of several lines have other numbers of delimiters, or a blank after a comma: they are read.

Where it is used: `portals.files.sheets`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_LINE_ENDS: Final = re.compile("\r\n|\r|\n")


def count_swallowed(cells: Sequence[str], column: int, delimiter: str) -> int:
    """How many records a cell of a row has swallowed, which is as wide as the heading; 0 for a text of some lines.

    `column` counts from 0. The record that the cell begins in is not counted, the one that it ends in is.
    """
    lines = [line for line in _LINE_ENDS.split(cells[column]) if line]
    wanted = [len(cells) - 1 - column, *[len(cells) - 1] * (len(lines) - 2), column]
    is_swallowed = len(lines) > 1 and [line.count(delimiter) for line in lines] == wanted
    return len(lines) - 1 if is_swallowed and f"{delimiter} " not in cells[column] else 0
