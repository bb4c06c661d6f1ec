"""Whether a file is a worklist of the kit, and of when its data is, without reading its rows.

Where it is used: `retention.search`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from dynsync_lib.errors import InputFileError
from dynsync_lib.workbooks.bounds import bounded_rows, refuse_large_workbook
from dynsync_lib.workbooks.cell_texts import cell_text
from dynsync_lib.workbooks.opened import open_workbook
from dynsync_lib.worklist.read_workbook import LAST_HEADING_LINE, TITLES, refuse_other_files
from dynsync_lib.worklist.sheets import DATA_OF, FIRST_SHEET, FORECAST_ID


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a worklist comes from. `data_of` is the moment of its data as its first sheet says it, None when it does
    not; `other_sheets` are those that somebody added or renamed.
    """

    data_of: str | None
    other_sheets: tuple[str, ...]


def read_origin(path: Path) -> Origin | None:
    """Where a workbook comes from; None when it is no worklist, or cannot be read. Its first sheet alone is read."""
    try:
        refuse_other_files(path)
        size = refuse_large_workbook(path)
        with open_workbook(path) as book:
            if FIRST_SHEET not in book.sheetnames:
                return None
            said = dict(_labels(path, book[FIRST_SHEET], size))
            others = [title for title in book.sheetnames if title != FIRST_SHEET and not TITLES.fullmatch(title)]
    except InputFileError:
        return None
    except Exception:  # noqa: BLE001 - openpyxl gives up on damaged files in many ways, and such a file is not ours
        return None
    return Origin(said.get(DATA_OF), tuple(others)) if FORECAST_ID in said else None


def _labels(path: Path, page: Any, size: int) -> Iterator[tuple[str, str]]:
    """The labels on the first sheet and what stands beside them."""
    page.reset_dimensions()
    for _, row in islice(bounded_rows(path, page.iter_rows(), size), LAST_HEADING_LINE):
        texts = [(cell_text(cell) or "").strip() for cell in row[:2]]
        if len(texts) > 1:
            yield texts[0], texts[1]
