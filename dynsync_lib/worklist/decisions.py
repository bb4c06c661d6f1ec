"""What people decided, out of a worklist that they filled in, kept in a file beside the forecast.

Facts
    * The file has the forecast's name and the ending `.decisions.json`; the forecast itself stays as it is. It holds
      what the last import said, whole, which replaces that of an earlier one; several workbooks are imported together.
    * A decision names its row by sheet, row key and the ids of the forecast, never by what the workbook says of them.
    * Marks are not replaced by a workbook that has none, unless that is asked for.
    * Nothing is written unless all of the workbook can be used.
    * Notes are people's own texts and may name persons: the file is private, as the forecast is.

Where it is used: `kit.worklists`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dynsync_lib.errors import UsageError, WorklistError, WorklistFault
from dynsync_lib.folders.own_folder import refuse_foreign
from dynsync_lib.folders.private_files import private_files
from dynsync_lib.folders.replaced_file import FileKind, refuse_foreign_file, replace_file
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.worklist.fix_files import FIXES_FOLDER, count_fixes, is_emptying, write_fix_files
from dynsync_lib.worklist.forecast_id import forecast_id
from dynsync_lib.worklist.merged_marks import merge_workbooks
from dynsync_lib.worklist.read_workbook import FilledWorkbook, MarkedRow, read_workbook
from dynsync_lib.worklist.rows import RowMaker
from dynsync_lib.worklist.sheets import COLUMNS, FIRST_SHEET, FORECAST_ID, MARKS, SHEETS

DECISIONS_FILE: Final = FileKind("the decisions of a worklist", "{", '"dynsync_decisions"')
_VERSION: Final = 1
_IDS: Final = tuple(column for column in COLUMNS if any(column in sheet.ids for sheet in SHEETS))
"""What a decision says of its row, where the row has it."""


@dataclass(frozen=True, slots=True)
class ImportedWorklist:
    """What an import kept. `decisions` is the file; `by_sheet` counts, by sheet, each mark, rows with `note_only`, and
    those that are `unmarked`; `other_sheets` are the workbook's sheets that are none of a worklist; `fixes` are how
    many rows each file of fixes has, by its name. `replaced_decisions` and `replaced_fixes` are how many marks and
    notes, and how many rows of fixes, an earlier import had left there; 0 when there was none. Of the former
    `dropped_decisions` are of rows that are not marked any more.
    """

    decisions: Path
    forecast_id: str
    by_sheet: Mapping[str, Mapping[str, int]]
    other_sheets: tuple[str, ...]
    fixes: Mapping[str, int]
    replaced_decisions: int = 0
    replaced_fixes: int = 0
    dropped_decisions: int = 0

    @property
    def emptied_addresses(self) -> int:
        """How many rows of the files of fixes empty an e-mail address."""
        return sum(count for name, count in self.fixes.items() if is_emptying(name))

    @property
    def by_mark(self) -> dict[str, int]:
        """How many rows have each mark, over all sheets."""
        return {mark: sum(counts[mark] for counts in self.by_sheet.values()) for mark in MARKS}


def decisions_path(forecast: Forecast) -> Path:
    """The file of a forecast's decisions, beside its folder."""
    folder = forecast.folder.absolute()
    return folder.with_name(f"{folder.name}.decisions.json")


def read_marks(workbooks: Sequence[Path], forecast: Forecast) -> FilledWorkbook:
    """What people marked in a workbook of the forecast, or in copies of it, together.

    Raises WorklistError with every fault, and InputFileError for what is no workbook.
    """
    books = {str(path): _read_whole(path, forecast) for path in workbooks}
    filled = merge_workbooks(books) if len(books) > 1 else next(iter(books.values()))
    if filled.faults:
        raise WorklistError(filled.faults)
    return filled


def _read_whole(workbook: Path, forecast: Forecast) -> FilledWorkbook:
    """A workbook with its faults, that it is of another forecast among them."""
    filled = read_workbook(workbook)
    filled.faults[:0] = _other_forecast(filled, forecast)
    return filled


def keep_marks(
    filled: FilledWorkbook, forecast: Forecast, maker: RowMaker, fixes: Path | None, *, replaces_marks: bool = False
) -> ImportedWorklist:
    """Keeps the marks of a workbook as the forecast's decisions. `maker` makes the rows of the forecast; `fixes` is the
    folder for files of fixes, None where none are asked for; with `replaces_marks` a workbook without marks
    replaces an import with marks.

    Raises WorklistError for rows that the forecast does not have, and UsageError when something else stands where
    decisions or fixes go, or when marks would be lost; then nothing is written.
    """
    if fixes is not None:
        refuse_foreign(fixes, FIXES_FOLDER)
    decisions = list(_decisions(filled.marked, maker))
    known = {decision["row_key"] for decision in decisions}
    strangers = [row for key, row in filled.marked.items() if key not in known]
    if strangers:
        raise WorklistError([_stranger(row) for row in strangers])
    path = decisions_path(forecast)
    earlier = _earlier_rows(path)
    if earlier and not decisions and not replaces_marks:
        raise UsageError(
            f"This workbook has no marks, and would replace all marks and notes in {path}, which are {len(earlier):,}.",
            next_step="Import the worklist that was filled in, or add --replace.",
        )
    earlier_fixes = 0 if fixes is None else count_fixes(fixes)
    with private_files():
        replace_file(path, _text(forecast, decisions), DECISIONS_FILE)
    files = {} if fixes is None else write_fix_files(decisions, forecast, maker.tables, fixes)
    counts, others = _counts(filled), tuple(filled.other_sheets)
    dropped = len(earlier - known)
    return ImportedWorklist(path, forecast_id(forecast), counts, others, files, len(earlier), earlier_fixes, dropped)


def _earlier_rows(path: Path) -> set[str]:
    """The keys of the rows that an earlier import kept. Raises UsageError for what is no such file."""
    refuse_foreign_file(path, DECISIONS_FILE)
    if not path.exists():
        return set()
    try:
        return {row["row_key"] for row in json.loads(path.read_text(encoding="utf-8"))["decisions"]}
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is damaged: its marks cannot be counted.", next_step="Move it away.") from error


def _other_forecast(filled: FilledWorkbook, forecast: Forecast) -> Iterator[WorklistFault]:
    if filled.forecast_id is None:
        yield WorklistFault(
            FIRST_SHEET, "A1", f"No row says {FORECAST_ID}; write the worklist again, and mark that one."
        )
    elif filled.forecast_id.strip() != forecast_id(forecast):
        title, cell = filled.forecast_id_at
        sentence = f"This is the worklist of another forecast than {forecast.folder}, which is {forecast_id(forecast)}."
        yield WorklistFault(title, cell, sentence)


def _stranger(row: MarkedRow) -> WorklistFault:
    return WorklistFault(
        row.title, f"A{row.line}", "This row is none of the forecast's; it came from another worklist."
    )


def _decisions(marked: Mapping[str, MarkedRow], maker: RowMaker) -> Iterator[dict[str, Any]]:
    """The marked rows as the forecast knows them, in the order of the sheets."""
    names = {row.sheet for row in marked.values()}
    for sheet in SHEETS:
        for asked, cells in maker.rows(sheet) if sheet.name in names else ():
            row = marked.get(cells["row_key"])
            if row is not None:
                ids = {name: asked[name] for name in _IDS if asked[name] is not None}
                yield {"sheet": sheet.name, "row_key": row.key, "mark": row.mark, "note": row.note, **ids}


def _counts(filled: FilledWorkbook) -> dict[str, dict[str, int]]:
    names = (*MARKS, "note_only", "unmarked")
    counts = {sheet.name: dict.fromkeys(names, 0) for sheet in SHEETS}
    for row in filled.marked.values():
        counts[row.sheet][row.mark or "note_only"] += 1
    for name, count in filled.unmarked.items():
        counts[name]["unmarked"] = count
    return counts


def _text(forecast: Forecast, decisions: list[dict[str, Any]]) -> str:
    of_forecast = {"forecast_id": forecast_id(forecast), "taken_at": forecast.info.get("taken_at")}
    head = {"dynsync_decisions": _VERSION, **of_forecast, "decisions": decisions}
    return json.dumps(head, indent=1, ensure_ascii=False) + "\n"
